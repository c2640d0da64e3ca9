import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { bitbucketAuth, requireBitbucket } from "@bitbucket-auth/express";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import express from "express";
import { check, type Steps } from "./run-steps.ts";

/** An Express app that a user signs in to, and what the browser would send. */
export function expressFlow(): Steps {
  const mock = createBitbucketMock({ profile: "strict" });
  const auth = createBitbucketAuth({
    ...mock.issueGrant().clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
  });
  const cookies = new Map<string, string>();
  let server: Server | undefined;
  let origin = "";

  /** As a browser that does not follow redirects by itself. */
  async function visit(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { cookie, accept: "text/html", "sec-fetch-site": "same-origin", origin };
    const response = await fetch(new URL(path, origin), { redirect: "manual", headers, ...init });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(set)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }

  return {
    async "ask to sign in"() {
      const app = express();
      app.use(bitbucketAuth({ auth, cookieSecret: "sixteen or more characters", clock: mock.clock }));
      app.get("/me", requireBitbucket(), (req, res, next) => {
        req.bitbucket.user().then(({ uuid }) => res.json({ uuid }), next);
      });
      server = app.listen(0, "127.0.0.1");
      await once(server, "listening");
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { status } = await visit("/me");
      check(status === 302 || status === 303, `A stranger got ${status}`);
    },

    async "sign in by the routes"() {
      const away = await visit("/auth/bitbucket?returnTo=/me");
      const { redirect } = mock.authorize({ url: away.headers.get("location") ?? "" });
      const back = await visit(`/auth/bitbucket/callback${redirect.search}`);
      check(back.headers.get("location") === "/me", `They were sent to ${back.headers.get("location")}`);
      const me = await visit("/me");
      check(me.status === 200 && (await me.text()).includes("uuid"), `/me answered ${me.status}`);
    },

    async "stay signed in past expiry"() {
      await mock.clock.advance("2h");
      const { status } = await visit("/me");
      check(status === 200, `/me answered ${status}`);
      check(mock.requests.token("refresh_token").length === 1, "It was not refreshed once");
    },

    async "sign out by the route"() {
      await visit("/auth/bitbucket/logout", { method: "POST" });
      const { status } = await visit("/me");
      check(status === 302 || status === 303, `After signing out: ${status}`);
      server?.closeAllConnections();
      server?.close();
      await auth.close();
    },
  };
}
