import { createBitbucketAuth } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { bitbucketAuth, type BitbucketAuthOptions } from "../src/index.js";
import { sampleApp, secret, signIn, startSignIn } from "./sample-app.js";

const auth = createBitbucketAuth({ clientId: "id", clientSecret: "secret" });

describe("bitbucketAuth()", () => {
  it.each<[string, Partial<BitbucketAuthOptions>]>([
    ["no cookie secret", { cookieSecret: "" }],
    ["a short cookie secret", { cookieSecret: "fifteen letters" }],
    ["an empty list of secrets", { cookieSecret: [] }],
    ["one short secret of two", { cookieSecret: [secret, "short"] }],
    ["a base URL with a query", { baseUrl: "https://app.example/path?a=b" }],
    ["a base URL with a path that nobody could mount", { baseUrl: "https://app.example//path" }],
    ["a cookie prefix that is none", { cookies: { prefix: "a b" } }],
    ["a base URL with a slash that is encoded", { baseUrl: "https://app.example/a%2Fb" }],
    ["a base URL with a line end that is encoded", { baseUrl: "https://app.example/a%0d%0ab" }],
    ["a base URL that is none", { baseUrl: "app.example" }],
    ["a route that is no path", { routes: { login: "https://evil.example" } }],
    ["two routes on one path", { routes: { login: "/a", callback: "/a" } }],
    ["the proxy on a route", { proxy: "/auth/bitbucket" }],
    ["a proxy path with a trailing slash", { proxy: "/api/" }],
  ])("refuses %s", (_what, options) => {
    expect(() => bitbucketAuth({ auth, cookieSecret: secret, ...options })).toThrow(
      expect.objectContaining({ code: "invalid_options" }),
    );
  });

  it.each<[string, object]>([
    ["auth", { auth: undefined }],
    ["auth", { auth: {} }],
    ["cookieSecret", { cookieSecret: 4 }],
    ["cookieSecret", { cookieSecret: new Uint8Array(32) }],
    ["cookieSecret", { cookieSecret: [secret, 4] }],
    ["routes", { routes: null }],
    ["baseUrl", { baseUrl: null }],
    ["session", { session: "memory" }],
    ["clock", { clock: {} }],
    ["onSignIn", { onSignIn: "a function" }],
    ["onError", { onError: null }],
    ["api", { api: {} }],
    ["onProblem", { onProblem: 1 }],
    ["cookies", { cookies: null }],
    ["prefx", { cookies: { prefx: "a_" } }],
    ["cookiesecret", { cookiesecret: secret }],
  ])("says what it wants as %s instead of %o", (name, options) => {
    const given = { auth, cookieSecret: secret, ...options };
    expect(() => Reflect.apply(bitbucketAuth, undefined, [given])).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(name) }),
    );
  });

  it.each([[undefined], [null], [4], ["auth"]])("asks for options when it is given %o", (given) => {
    expect(() => Reflect.apply(bitbucketAuth, undefined, [given])).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringContaining("`auth`") }),
    );
  });

  it("has its routes where it is told, below where it is mounted", async () => {
    const sample = sampleApp({
      routes: { login: "/in", callback: "/back", logout: "/out" },
      baseUrl: "http://app.example",
      bitbucket: { consumers: [{ callbackUrl: "http://app.example/back" }] },
    });
    const browser = sample.browser();
    const url = await startSignIn(browser, "/in");
    expect(url.searchParams.get("redirect_uri")).toBe("http://app.example/back");
    expect((await signIn(sample, browser, { path: "/in", user: "alice" })).status).toBe(302);
  });

  it("leaves the redirect URI to the consumer's registration without a base URL, whatever the Host header says", async () => {
    const browser = sampleApp().browser({ Host: "evil.example" });
    expect((await startSignIn(browser)).href).not.toMatch(/redirect_uri|evil/);
  });

  it("answers other methods with 405 and a trailing slash like none", async () => {
    const browser = sampleApp().browser();
    expect((await browser.post("/auth/bitbucket/callback")).status).toBe(405);
    expect((await browser.get("/auth/bitbucket/")).status).toBe(302);
  });

  it.each(["/auth/bitbucket%3Fa", "/auth/bitbucket/", "/auth/bitbucket/%23a"])(
    "never sends anybody back to its own routes: %s",
    async (returnTo) => {
      const sample = sampleApp();
      const back = await signIn(sample, sample.browser(), { path: `/auth/bitbucket?returnTo=${returnTo}` });
      expect(back.headers["location"]).toBe("/");
    },
  );
});
