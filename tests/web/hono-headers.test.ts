import type { ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { createBitbucketWeb } from "@bitbucket-auth/web";
import { requireBitbucket, toHonoMiddleware } from "@bitbucket-auth/web/hono";
import { createBrowser, served } from "@bitbucket-auth/web-suite/browser.js";
import { createWorld, secret, signIn } from "@bitbucket-auth/web-suite/sample.js";
import { type Context, Hono } from "hono";
import { describe, expect, it } from "vitest";

interface OnNode {
  readonly Bindings: { readonly outgoing: ServerResponse };
}

type Handed = Pick<Context<OnNode>, "json" | "text" | "body" | "header" | "env">;

const shared = { "Content-Type": "text/plain" };

/** Answers of a handler, and what `Cache-Control` then is. */
const answers: readonly (readonly [how: string, answer: (c: Handed) => Response, cacheControl: string])[] = [
  ["answers JSON", (c) => c.json({}), "no-store"],
  ["answers text", (c) => c.text("text"), "no-store"],
  ["answers nothing but a status", (c) => c.body(null, 204), "no-store"],
  [
    "answers an object of headers that all its answers share",
    () => new Response("", { headers: shared }),
    "no-store",
  ],
  ["answers a stream", () => new Response(new Blob(["text"]).stream()), "no-store"],
  ["says otherwise by c.header()", (c) => (c.header("Cache-Control", "private"), c.text("")), "private"],
  [
    "says otherwise in lower case",
    () => new Response("", { headers: { "cache-control": "private" } }),
    "private",
  ],
  [
    "says otherwise on Node's response",
    (c) => (c.env.outgoing.setHeader("Cache-Control", "private"), c.text("")),
    "private",
  ],
  [
    "answers on Node's response",
    (c) => (c.env.outgoing.writeHead(200, "OK", { "X-Own": "1" }).end(), RESPONSE_ALREADY_SENT),
    "no-store",
  ],
  [
    "answers on Node's response and says otherwise",
    (c) => (c.env.outgoing.writeHead(200, ["cache-control", "private"]).end(), RESPONSE_ALREADY_SENT),
    "private",
  ],
  [
    "answers on Node's response without a head",
    (c) => (c.env.outgoing.end("text"), RESPONSE_ALREADY_SENT),
    "no-store",
  ],
];

describe("an answer behind requireBitbucket() of Hono on Node", () => {
  it.each(answers)(
    "to a handler that %s has the right Cache-Control, once",
    async (_how, answer, expected) => {
      const world = createWorld();
      const { auth, mock } = world;
      const app = new Hono<OnNode>()
        .use(
          toHonoMiddleware(
            createBitbucketWeb({ auth, cookieSecret: secret, clock: mock.clock, logging: false }),
          ),
        )
        .get("/private", requireBitbucket(), (c) => answer(c));
      const listener = getRequestListener(app.fetch);
      const browser = createBrowser(served((req, res) => void listener(req, res)));
      await signIn(world, browser);
      const { headers, status } = await browser.get("/private");
      expect([status < 300, headers["cache-control"]]).toEqual([true, expected]);
      expect(shared).toEqual({ "Content-Type": "text/plain" });
    },
  );
});
