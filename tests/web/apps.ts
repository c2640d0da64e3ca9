import type { RequestListener } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createBitbucketWeb, type BitbucketWeb } from "@bitbucket-auth/web";
import * as onFastify from "@bitbucket-auth/web/fastify";
import * as onKoa from "@bitbucket-auth/web/koa";
import { toNodeListener } from "@bitbucket-auth/web/node";
import type { SuiteApp, SuiteOptions } from "@bitbucket-auth/web-suite/behaviour.js";
import { createBrowser, served } from "@bitbucket-auth/web-suite/browser.js";
import { createWorld, secret } from "@bitbucket-auth/web-suite/sample.js";
import Fastify from "fastify";
import Koa from "koa";
import { honoApp } from "./hono-app.ts";

type Build = (bitbucket: BitbucketWeb) => RequestListener | Promise<RequestListener>;

/** The app of the suite in each framework that runs in this process. */
export const frameworks: readonly (readonly [name: string, build: Build])[] = [
  ["node:http", nodeApp],
  ["Hono on Node", (bitbucket) => honoListener(honoApp(bitbucket))],
  ["Fastify", fastifyApp],
  ["Koa", koaApp],
];

/** Starts one, with a Bitbucket of its own. */
export async function startApp(build: Build, options: SuiteOptions = {}): Promise<SuiteApp> {
  const { bitbucket, ...rest } = options;
  const { auth, mock, alice, sent } = createWorld({ bitbucket });
  const web = createBitbucketWeb({ auth, cookieSecret: secret, clock: mock.clock, logging: false, ...rest });
  const origin = served(await build(web));
  return { mock, alice, sent, browser: (headers) => createBrowser(origin, headers) };
}

function nodeApp(bitbucket: BitbucketWeb): RequestListener {
  return toNodeListener(bitbucket, async (req, res, { user, guard }) => {
    const json = (value: unknown): void =>
      void res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    const path = req.url?.split("?", 1)[0];
    if (path === "/") return json({ account: user?.account ?? null });
    if (path !== "/private" && path !== "/who") return void res.writeHead(404).end();
    const session = await guard();
    if (!session) return undefined;
    if (path === "/private") return json({ account: session.account });
    return json(await (await session.fetch("/2.0/user")).json());
  });
}

function honoListener({ fetch }: ReturnType<typeof honoApp>): RequestListener {
  const listener = getRequestListener(fetch);
  return (req, res) => void listener(req, res);
}

async function fastifyApp(bitbucket: BitbucketWeb): Promise<RequestListener> {
  const { toFastifyPlugin, requireBitbucket, bitbucketErrors } = onFastify;
  const app = Fastify();
  await app.register(toFastifyPlugin(bitbucket));
  app.setErrorHandler(bitbucketErrors);
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => done(null, body),
  );
  app.get("/", async ({ bitbucket: user }) => ({ account: user?.account ?? null }));
  app.route({
    method: ["GET", "POST"],
    url: "/private",
    onRequest: requireBitbucket(),
    handler: async ({ bitbucket: user }) => ({ account: user?.account }),
  });
  app.get("/who", { onRequest: requireBitbucket() }, async ({ bitbucket: user }) =>
    (await user?.fetch("/2.0/user"))?.json(),
  );
  await app.ready();
  return (req, res) => app.routing(req, res);
}

function koaApp(bitbucket: BitbucketWeb): RequestListener {
  const { toKoaMiddleware, requireBitbucket } = onKoa;
  const app = new Koa().use(toKoaMiddleware(bitbucket));
  const guard = requireBitbucket();
  app.use(async (ctx) => {
    if (ctx.path === "/") {
      ctx.body = { account: ctx.state.bitbucket?.account ?? null };
    } else if (ctx.path === "/private") {
      await guard(ctx, async () => (ctx.body = { account: ctx.state.bitbucket?.account }));
    } else if (ctx.path === "/who") {
      await guard(
        ctx,
        async () => (ctx.body = await (await ctx.state.bitbucket?.fetch("/2.0/user"))?.json()),
      );
    }
  });
  const listener = app.callback();
  return (req, res) => void listener(req, res);
}
