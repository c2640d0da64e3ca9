import { SignedOutError } from "@bitbucket-auth/core";
import type { ErrorRequestHandler } from "express";
import { describe, expect, it } from "vitest";
import { requireBitbucket } from "../src/index.js";
import { createBrowser, served } from "@bitbucket-auth/web-suite/browser.js";
import { expresses, sampleApp, signIn } from "./sample-app.js";

describe.each(expresses)("requireBitbucket() on %s", (_name, express) => {
  it("sends a page to the login route and back", async () => {
    const answer = await sampleApp({ express }).browser().get("/private?a=b%20c");
    expect(answer.status).toBe(302);
    expect(answer.headers["location"]).toBe("/auth/bitbucket?returnTo=%2Fprivate%3Fa%3Db%2520c");
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  it.each([
    ["asks for JSON", { Accept: "application/json" }],
    ["asks for JSON of some kind", { Accept: "application/problem+json" }],
    ["is made by a script", { Accept: "*/*", "Sec-Fetch-Dest": "empty" }],
    ["says that it is an XMLHttpRequest", { "X-Requested-With": "XMLHttpRequest" }],
  ])("answers 401 with a code when the request %s", async (_when, headers) => {
    const answer = await sampleApp({ express }).browser().get("/private", headers);
    expect(answer.status).toBe(401);
    expect(answer.headers["location"]).toBeUndefined();
    expect(answer.body).toMatchObject({
      code: "signed_out",
      action: "reauthorize",
      signIn: "/auth/bitbucket",
    });
  });

  it("refreshes an expired token before the page is shown", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    await sample.mock.clock.advance("121m");
    expect((await browser.get("/who")).status).toBe(200);
    expect(sample.mock.requests.token("refresh_token")).toHaveLength(1);
  });

  it("asks a person whose grant was revoked to sign in again, and lets them in afterwards", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    sample.mock.grant(sample.mock.grants.at(-1)?.id ?? "").revoke();
    await sample.mock.clock.advance("121m");
    const asked = await browser.get("/private");
    expect(asked.headers["location"]).toBe("/auth/bitbucket?returnTo=%2Fprivate");
    await signIn(sample, browser);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("answers 503 while Bitbucket is down and the token has expired", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    await sample.mock.clock.advance("121m");
    sample.mock.faults.when("token", { status: 503 });
    const down = await browser.get("/private", { Accept: "application/json" });
    expect(down.status).toBe(503);
    expect(down.body).toMatchObject({ code: "token_request_failed", transient: true });
    expect(Number(down.headers["retry-after"])).toBeGreaterThan(0);
  });

  it("answers 503 while the storage is down; pages for everybody are shown", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    await sample.mock.clock.advance("2m");
    Object.assign(sample.storage, { get: () => Promise.reject(new Error("down")) });
    const elsewhere = sample.another().browser();
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    expect((await elsewhere.get("/private")).status).toBe(503);
    expect((await elsewhere.get("/")).body).toEqual({ account: null });
  });

  it("keeps what it lets through out of caches, unless the handler says otherwise", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    sample.app.get("/logo", requireBitbucket(), (_req, res) => {
      res.set("Cache-Control", "private, max-age=60").send("logo");
    });
    await signIn(sample, browser);
    expect((await browser.get("/private")).headers["cache-control"]).toBe("no-store");
    expect((await browser.get("/logo")).headers["cache-control"]).toBe("private, max-age=60");
  });

  it("does as it is told, whatever the request asks for", async () => {
    const prepared = sampleApp({ express });
    prepared.app.get("/page", requireBitbucket({ as: "page" }));
    prepared.app.get("/api", requireBitbucket({ as: "api" }));
    expect((await prepared.browser().get("/page", { Accept: "application/json" })).status).toBe(302);
    expect((await prepared.browser().get("/api")).status).toBe(401);
  });

  it.each([[null], [4], [{ as: "json" }]])("refuses %o at once", (options) => {
    expect(() => Reflect.apply(requireBitbucket, undefined, [options])).toThrow(
      expect.objectContaining({ code: "invalid_options" }),
    );
  });

  it("answers a form with a page that links to the sign-in: `form-action 'self'` would block a redirect", async () => {
    const sample = sampleApp({ express });
    sample.app.post("/write", requireBitbucket());
    const answer = await sample.browser().post("/write", { Accept: "text/html" });
    expect([answer.status, answer.headers["location"]]).toEqual([401, undefined]);
    expect(answer.text).toContain('<a class="first" href="/auth/bitbucket">Sign in with Bitbucket</a>');
  });

  it.each([
    ["there is a token", () => undefined],
    ["there is none", () => Promise.reject(new SignedOutError("Nobody is signed in."))],
  ])(
    "leaves a request that was answered meanwhile to the app's error handler, when %s",
    async (_when, ask) => {
      let answerEarly: () => void = () => undefined;
      const sample = sampleApp({
        express,
        prepare(app) {
          app.get("/slow", (_req, res, next) => {
            answerEarly = () => void res.status(504).send("too late");
            next();
          });
        },
      });
      const browser = sample.browser();
      await signIn(sample, browser);
      const getTokens = sample.auth.getTokens.bind(sample.auth);
      // Memory has no token that can be handed out at once: the guard has to wait.
      await sample.mock.clock.advance("121m");
      sample.app.get("/slow", requireBitbucket());
      const told = new Promise((resolve) => {
        const tell: ErrorRequestHandler = (error, _req, _res, _next) => resolve(error);
        sample.app.use(tell);
      });
      Object.assign(sample.auth, {
        async getTokens(account: string) {
          answerEarly();
          return (await ask()) ?? getTokens(account);
        },
      });
      expect((await browser.get("/slow")).text).toBe("too late");
      expect(await told).toMatchObject({ code: "ERR_HTTP_HEADERS_SENT" });
    },
  );

  it("says what is missing when bitbucketAuth() is not mounted", async () => {
    const app = express();
    app.get("/", requireBitbucket());
    const tell: ErrorRequestHandler = (error, _req, res, _next) => void res.send(String(error));
    app.use(tell);
    expect((await createBrowser(served(app)).get("/")).text).toContain(
      "Mount bitbucketAuth() before requireBitbucket()",
    );
  });
});
