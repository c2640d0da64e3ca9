/** The process that `benchmarks/guarded-route.ts` measures for Hono: the same route with and without the guard. */
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { getRequestListener } from "@hono/node-server";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
// Note: by its own name, so that the benchmark measures what is published.
import { createBitbucketWeb } from "@bitbucket-auth/web";
import { requireBitbucket, toHonoMiddleware } from "@bitbucket-auth/web/hono";
import { Hono } from "hono";

process.once("disconnect", () => process.exit());
const mock = createBitbucketMock();
const auth = createBitbucketAuth({ ...mock.issueGrant().clientOptions, fetch: mock.fetch, logging: false });
const bitbucket = createBitbucketWeb({ auth, cookieSecret: "a cookie secret for a benchmark" });
const bare = getRequestListener(new Hono().get("/bare", (c) => c.json({ page: "private" })).fetch);
const guarded = getRequestListener(
  new Hono()
    .use(toHonoMiddleware(bitbucket))
    .get("/guarded", requireBitbucket(), (c) => c.json({ page: "private" })).fetch,
);
const server = createServer((req, res) => void (req.url === "/bare" ? bare : guarded)(req, res));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
const port = typeof address === "object" && address ? address.port : 0;
process.send?.({ port, cookie: await signIn(`http://127.0.0.1:${port}`) });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});

/** Answers the session cookie. */
async function signIn(origin: string): Promise<string> {
  const login = await fetch(`${origin}/auth/bitbucket`, { redirect: "manual" });
  const { redirect } = mock.authorize({ url: login.headers.get("location") ?? "" });
  const [attempt = ""] = login.headers.getSetCookie();
  const callback = await fetch(origin + redirect.pathname + redirect.search, {
    headers: { cookie: attempt.split(";", 1).join("") },
    redirect: "manual",
  });
  const lines = callback.headers.getSetCookie().map((line) => line.split(";", 1).join(""));
  return lines.find((line) => line.startsWith("bb_session=")) ?? "";
}
