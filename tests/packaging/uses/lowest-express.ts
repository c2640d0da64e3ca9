import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { bitbucketAuth, bitbucketErrors, requireBitbucket } from "@bitbucket-auth/express";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { assertNoViolations, assertRefreshed } from "@bitbucket-auth/testing/node";
import express, { type RequestHandler } from "express";

/** Signs in, is served, outlives a token, signs out. `before` is mounted before ours. */
async function visit(cookieNames: string, ...before: RequestHandler[]): Promise<void> {
  const app = express();
  app.set("env", "test");
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const callbackUrl = `${baseUrl}/auth/bitbucket/callback`;
  const mock = createBitbucketMock({ profile: "strict", consumers: [{ callbackUrl }] });
  const { clientOptions } = mock.issueGrant();
  const auth = createBitbucketAuth({
    ...clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
    logging: false,
  });
  for (const handler of before) app.use(handler);
  app.use(
    bitbucketAuth({ auth, baseUrl, cookieSecret: "sixteen or more characters", proxy: "/api/bitbucket" }),
  );
  app.get("/me", requireBitbucket(), (req, res, next) => {
    req.bitbucket
      .fetch("/2.0/user")
      .then((answer) => answer.json())
      .then((user: unknown) => res.json(user), next);
  });
  app.use(bitbucketErrors());

  const cookies = new Map<string, string>();
  /** As a browser asks for a page: with its cookies, and following nothing by itself. */
  async function open(
    url: string,
    init: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<{ status: number; location: string; text: string }> {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const headers = { accept: "text/html", "sec-fetch-dest": "document", cookie, ...init.headers };
    const answer = await fetch(new URL(url, baseUrl), { ...init, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0\b/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = answer.headers.get("location") ?? "";
    return { status: answer.status, location, text: await answer.text() };
  }

  const toLogin = await open("/me");
  const toBitbucket = await open(toLogin.location);
  const { redirect } = mock.authorize({ url: toBitbucket.location });
  const back = await open(String(redirect));
  if (new URL(back.location, baseUrl).pathname !== "/me")
    throw new Error(`Back at ${back.location}: ${back.text}`);
  await mock.clock.advance("2h");
  const page = await open(back.location);
  if (page.status !== 200 || !page.text.includes("alice")) throw new Error(`${page.status}: ${page.text}`);
  assertRefreshed(mock, 1);
  if ([...cookies.keys()].join() !== cookieNames) throw new Error(`Cookies: ${[...cookies.keys()].join()}`);
  const proxied = await open("/api/bitbucket/2.0/user", { headers: { "sec-fetch-site": "same-origin" } });
  if (proxied.status !== 200) throw new Error(`The proxy answers ${proxied.status}: ${proxied.text}`);

  await open("/auth/bitbucket/logout", { method: "POST", headers: { origin: baseUrl } });
  const after = await open("/me");
  if (after.status !== 302 || after.location !== toLogin.location)
    throw new Error(`Still in: ${after.status}`);
  assertNoViolations(mock);
  server.close();
  server.closeAllConnections();
  await auth.close();
}

type SessionOptions = { secret: string; resave: boolean; saveUninitialized: boolean };
const [sessions] = process.argv.slice(2);
if (sessions === undefined) await visit("bb_session");
else {
  const session: (options: SessionOptions) => RequestHandler = createRequire(import.meta.url)(sessions);
  await visit(
    "bb_begun,connect.sid",
    session({ secret: "keyboard cat", resave: false, saveUninitialized: false }),
  );
}
