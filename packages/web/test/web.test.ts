import { createBitbucketAuth } from "@bitbucket-auth/core";
import { consent, createWorld, secret, signIn, startSignIn } from "@bitbucket-auth/web-suite/sample.js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type BitbucketWebOptions, createBitbucketWeb } from "../src/index.js";
import { guardOptions } from "../src/options.js";
import { webApp } from "./web-app.js";

const auth = createBitbucketAuth({ clientId: "id", clientSecret: "secret" });
const origin = "http://app.example";

describe("createBitbucketWeb()", () => {
  it.each<[string, object]>([
    ["auth", { auth: {} }],
    ["cookieSecret", { cookieSecret: "short" }],
    ["cookieSecret", { cookieSecret: new Uint8Array(32) }],
    ["baseUrl", { baseUrl: "https://app.example/a?b" }],
    ["baseUrl", { baseUrl: "app.example" }],
    ["path such as", { routes: { login: "login" } }],
    ["signin", { routes: { signin: "/login" } }],
    ["different paths", { proxy: "/auth/bitbucket" }],
    ["prefix", { cookies: { prefix: "a;b" } }],
    ["clock", { clock: {} }],
    ["logger", { logger: "console" }],
    ["onProblem", { onProblem: {} }],
    ["session", { session: "cookie" }],
    ["secret", { secret }],
  ])("refuses what is wrong with %s: %o", (name, options) => {
    const given = { auth, cookieSecret: secret, ...options };
    expect(() => Reflect.apply(createBitbucketWeb, undefined, [given])).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(name) }),
    );
  });

  it.each([[undefined], [null], [4], ["auth"]])("asks for options when it is given %o", (given) => {
    expect(() => Reflect.apply(createBitbucketWeb, undefined, [given])).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringContaining("`auth`") }),
    );
  });

  it("takes undefined for every option but two", () => {
    const {
      auth: _auth,
      cookieSecret: _secret,
      ...others
    }: Record<keyof BitbucketWebOptions, undefined> = {
      auth: undefined,
      cookieSecret: undefined,
      baseUrl: undefined,
      routes: undefined,
      cookies: undefined,
      onSignIn: undefined,
      onError: undefined,
      onProblem: undefined,
      logger: undefined,
      logging: undefined,
      proxy: undefined,
      api: undefined,
      clock: undefined,
    };
    expect(createBitbucketWeb({ auth, cookieSecret: secret, ...others })).toHaveProperty("handle");
  });

  it.each([
    [undefined],
    [{}],
    [{ url: "/auth/bitbucket", method: "GET", headers: new Headers() }],
    ["http://a/"],
  ])("says what it wants instead of %o as a request", async (request) => {
    const { handle, guard, session } = createBitbucketWeb({ auth, cookieSecret: secret });
    for (const method of [handle, guard, session])
      await expect(Reflect.apply(method, undefined, [request])).rejects.toMatchObject({
        code: "invalid_options",
      });
  });

  it("leaves requests of other schemes and paths to the app", async () => {
    const { handle } = createBitbucketWeb({ auth, cookieSecret: secret });
    expect(await handle(new Request(`${origin}/elsewhere`))).toBeUndefined();
    expect(await handle(new Request(`${origin}/auth/bitbucketeer`))).toBeUndefined();
    await expect(handle(new Request("data:text/plain,a"))).rejects.toMatchObject({ code: "invalid_options" });
  });

  it.each([[null], [4], [{ as: "json" }], [{ as: "page", how: 1 }]])(
    "refuses %o as options of a guard",
    async (options) => {
      expect(() => guardOptions(options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
    },
  );

  it("names the login route for links of one's own, below the path of baseUrl", () => {
    const bitbucket = createBitbucketWeb({ auth, cookieSecret: secret, baseUrl: "https://app.example/app/" });
    expect(bitbucket.signInPath()).toBe("/app/auth/bitbucket");
    expect(bitbucket.signInPath("/a b?c=d")).toBe("/app/auth/bitbucket?returnTo=%2Fa+b%3Fc%3Dd");
  });
});

describe("session()", () => {
  it("takes headers alone, as a server component has them", async () => {
    const app = webApp();
    const browser = app.browser();
    await signIn(app, browser);
    const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
    const user = await app.bitbucket.session({ headers: new Headers({ cookie }) });
    expect(user?.account).toBe(app.alice);
    expect((await user?.user())?.displayName).toBe("Alice Example");
    expect(await app.bitbucket.session({ headers: new Headers() })).toBeUndefined();
  });

  it("rejects while it cannot be known who is signed in", async () => {
    const app = webApp();
    const browser = app.browser();
    await signIn(app, browser);
    const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
    Object.assign(app.storage, { get: () => Promise.reject(new Error("down")) });
    const elsewhere = app.another().bitbucket;
    await expect(elsewhere.session({ headers: new Headers({ cookie }) })).rejects.toMatchObject({
      code: "storage_failed",
    });
  });
});

describe("the events of `auth`", () => {
  it("tell of one sign-in and one sign-out of the user, and of nobody else", async () => {
    const app = webApp();
    const heard: [string, string][] = [];
    for (const name of ["signedIn", "signedOut"] as const)
      app.auth.on(name, ({ account }) => void heard.push([name, account]));
    const browser = app.browser();
    await signIn(app, browser);
    await browser.get("/private");
    await browser.post("/auth/bitbucket/logout", { "Sec-Fetch-Site": "same-origin" });
    expect(heard).toEqual([
      ["signedIn", app.alice],
      ["signedOut", app.alice],
    ]);
  });
});

describe("a callback that comes twice", () => {
  afterEach(() => void vi.useRealTimers());

  it("does not wait for ever for the first, which Workers may have ended with its request", async () => {
    const world = createWorld();
    const finish = vi
      .fn<typeof world.auth.finishAuthorization>(world.auth.finishAuthorization)
      .mockImplementationOnce(() => new Promise<never>(() => undefined));
    const app = webApp({ auth: { ...world.auth, finishAuthorization: finish }, clock: world.mock.clock });
    const browser = app.browser();
    const callback = consent({ ...app, mock: world.mock }, await startSignIn(browser));
    const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const come = (): Promise<Response> =>
      app.respond(new Request(origin + callback, { headers: { cookie, accept: "text/html" } }));
    void come();
    await expect.poll(() => finish.mock.calls.length).toBe(1);
    const second = come();
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect((await second).status).toBe(302);
    expect(finish).toHaveBeenCalledTimes(2);
  });
});

describe("onSignIn and onError", () => {
  it("are given the request in the platform's terms", async () => {
    const seen: unknown[] = [];
    const app = webApp({
      onSignIn: (user, { account, request }) =>
        void seen.push([user.uuid === account, request.method, request.url]),
      onError: (error, { problem }) => Response.json({ mine: error.name }, { status: problem.status }),
    });
    const browser = app.browser({ Host: "app.example" });
    const callback = consent(app, await startSignIn(browser));
    await browser.get(callback);
    expect(seen).toEqual([[true, "GET", origin + callback]]);
    const refused = await app.browser().get(callback);
    expect([refused.status, refused.body]).toEqual([400, { mine: "StateMismatchError" }]);
  });

  it("keep the page when they answer nothing", async () => {
    const app = webApp({ onError: () => undefined });
    expect((await app.browser().get("/auth/bitbucket/callback?state=x")).text).toContain(
      "cannot be finished",
    );
  });
});

describe("a header that comes twice", () => {
  it.each([
    [{ Origin: "http://app.example, http://app.example" }],
    [{ "Sec-Fetch-Site": "same-origin, same-origin" }],
  ])("proves no origin: %o", async (headers) => {
    const app = webApp();
    const browser = app.browser({ Host: "app.example" });
    await signIn(app, browser);
    const out = await browser.post("/auth/bitbucket/logout", headers);
    expect([out.status, (await browser.get("/private")).status]).toEqual([403, 200]);
  });
});
