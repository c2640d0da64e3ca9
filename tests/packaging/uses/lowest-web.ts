import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { assertNoViolations } from "@bitbucket-auth/testing/node";
import { type BitbucketWeb, createBitbucketWeb } from "@bitbucket-auth/web";
import * as onFastify from "@bitbucket-auth/web/fastify";
import * as onHono from "@bitbucket-auth/web/hono";
import * as onKoa from "@bitbucket-auth/web/koa";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";

type Visit = (path: string, headers: Readonly<Record<string, string>>) => Promise<Response>;

/** Signs in and is served, by whatever answers. */
async function signIn(start: (bitbucket: BitbucketWeb) => Promise<Visit>): Promise<void> {
  const mock = createBitbucketMock({ profile: "strict" });
  const { clientOptions } = mock.issueGrant();
  const auth = createBitbucketAuth({
    ...clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
    logging: false,
  });
  const { clock } = mock;
  const visit = await start(
    createBitbucketWeb({ auth, cookieSecret: "sixteen or more characters", clock, logging: false }),
  );
  const login = await visit("/auth/bitbucket?returnTo=/me", {});
  const { redirect } = mock.authorize({ url: login.headers.get("location") ?? "" });
  const cookie = (from: Response): string =>
    from.headers
      .getSetCookie()
      .map((line) => line.split(";", 1).join())
      .filter((pair) => !pair.endsWith("="))
      .join("; ");
  const back = await visit(redirect.pathname + redirect.search, { cookie: cookie(login) });
  if (back.headers.get("location") !== "/me") throw new Error(`${back.status}: ${await back.text()}`);
  await mock.clock.advance("2h");
  const page = await visit("/me", { cookie: cookie(back) });
  const text = await page.text();
  if (page.status !== 200 || !text.includes("alice")) throw new Error(`${page.status}: ${text}`);
  const stranger = await visit("/me", { accept: "application/json" });
  if (stranger.status !== 401) throw new Error(`A stranger got ${stranger.status}`);
  assertNoViolations(mock);
  await auth.close();
}

async function overHttp(listener: RequestListener): Promise<Visit> {
  const server = createServer(listener).listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return (path, headers) => fetch(origin + path, { headers, redirect: "manual" });
}

await signIn(async (bitbucket) => {
  const app = new Hono()
    .use(onHono.toHonoMiddleware(bitbucket))
    .get("/me", onHono.requireBitbucket(), async (c) =>
      c.text(await (await c.var.bitbucket.fetch("/2.0/user")).text()),
    );
  return async (path, headers) => app.request(`http://app.example${path}`, { headers });
});
await signIn(async (bitbucket) => {
  const app = Fastify();
  await app.register(onFastify.toFastifyPlugin(bitbucket));
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- it is Fastify's, which awaits
  app.get("/me", { onRequest: onFastify.requireBitbucket() }, async (request) =>
    (await request.bitbucket?.fetch("/2.0/user"))?.text(),
  );
  await app.ready();
  return overHttp((req, res) => app.routing(req, res));
});
await signIn(async (bitbucket) => {
  const guard = onKoa.requireBitbucket();
  const app = new Koa().use(onKoa.toKoaMiddleware(bitbucket));
  app.use((ctx) =>
    guard(ctx, async () => {
      ctx.body = await (await ctx.state.bitbucket?.fetch("/2.0/user"))?.text();
    }),
  );
  const listener = app.callback();
  return overHttp((req, res) => void listener(req, res));
});
