import type { RequestListener } from "node:http";
import { createBitbucketAuth } from "@bitbucket-auth/core";
// Note: by its own name, so that the benchmark measures what is published.
import { bitbucketAuth, requireBitbucket } from "@bitbucket-auth/express";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import express from "express";

/** An app without the package and one with it, for `benchmarks/guarded-route.ts`. `signIn()` answers the session cookie. */
export function guardedApp(): { readonly answer: RequestListener; signIn(origin: string): Promise<string> } {
  const mock = createBitbucketMock();
  const { clientOptions } = mock.issueGrant();
  const auth = createBitbucketAuth({ ...clientOptions, fetch: mock.fetch, logging: false });
  const bare = express().disable("x-powered-by");
  bare.get("/bare", (_req, res) => void res.json({ page: "private" }));
  const guarded = express().disable("x-powered-by");
  guarded.use(bitbucketAuth({ auth, cookieSecret: "a cookie secret for a benchmark" }));
  guarded.get("/guarded", requireBitbucket(), (_req, res) => void res.json({ page: "private" }));
  return {
    answer: (req, res) => void (req.url === "/bare" ? bare : guarded)(req, res),
    async signIn(origin) {
      const login = await fetch(`${origin}/auth/bitbucket`, { redirect: "manual" });
      const { redirect } = mock.authorize({ url: login.headers.get("location") ?? "" });
      const [attempt = ""] = login.headers.getSetCookie();
      const callback = await fetch(origin + redirect.pathname + redirect.search, {
        headers: { cookie: attempt.split(";", 1).join("") },
        redirect: "manual",
      });
      return (
        callback.headers
          .getSetCookie()
          .find((line) => line.startsWith("bb_session"))
          ?.split(";", 1)
          .join("") ?? ""
      );
    },
  };
}
