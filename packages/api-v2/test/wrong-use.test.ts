import { describe, expect, it } from "vitest";
import { createAuthenticatedClient as createBitbucketClient } from "../src/bitbucket.ts";
import {
  createAuthenticatedAPI,
  createBitbucketAPI,
  createClientFetch,
  paginate,
  whoAmI,
} from "../src/index.ts";
import { createAuthenticatedClient as createOpenApiClient } from "../src/openapi.ts";
import { rejectionOf, signedInApi } from "./signed-in-api.ts";

const { auth, api, mock } = await signedInApi();

/** Calls it as a program without types can. */
async function called(callee: (...args: never[]) => unknown, ...args: unknown[]): Promise<unknown> {
  return rejectionOf((async () => Reflect.apply(callee, undefined, args))());
}

const invalid = { code: "invalid_options" };

describe("wrong use ends in InvalidOptionsError", () => {
  it.each([
    ["createAuthenticatedAPI()", createAuthenticatedAPI],
    ["createBitbucketAPI()", createBitbucketAPI],
    ["createClientFetch()", createClientFetch],
    ["createAuthenticatedClient() of /openapi", createOpenApiClient],
    ["createAuthenticatedClient() of /bitbucket", createBitbucketClient],
  ])("of %s with options that are none", async (_name, create) => {
    for (const options of [null, 4]) expect(await called(create, options)).toMatchObject(invalid);
  });

  it.each([
    ["createAuthenticatedAPI()", createAuthenticatedAPI],
    ["createClientFetch()", createClientFetch],
    ["createAuthenticatedClient() of /openapi", createOpenApiClient],
    ["createAuthenticatedClient() of /bitbucket", createBitbucketClient],
  ])("of %s with an auth that is none", async (_name, create) => {
    for (const wrong of [undefined, null, {}])
      expect(await called(create, { auth: wrong })).toMatchObject(invalid);
  });

  it.each([
    ["a signal", { auth, signal: {} }],
    ["a time limit", { auth, apiTimeoutMs: "soon" }],
    ["a time limit", { auth, apiTimeoutMs: Number.NaN }],
    ["a budget", { auth, rateLimitBudgetMs: -1 }],
    ["a function", { getAccessToken: "a token" }],
    ["endpoints", { getAccessToken: () => "t", endpoints: { api: "https://api.example" } }],
  ])("of createAuthenticatedAPI() with something else than %s", async (_what, options) => {
    expect(await called(createAuthenticatedAPI, options)).toMatchObject(invalid);
  });

  it.each([
    [{ basicAuth: { username: 1, password: 2 } }],
    [{ basicAuth: { username: "a@b.c", password: "p", token: "t" } }],
    [{ endpoints: { api: "https://api.example" } }],
    [{ signal: "now" }],
    [{ apiTimeoutMs: "soon" }],
  ])("of createBitbucketAPI(%o)", async (options) => {
    expect(await called(createBitbucketAPI, options)).toMatchObject(invalid);
  });

  it.each([[undefined], [null], [{}]])("of paginate() and whoAmI() on %o", async (source) => {
    expect(await called(whoAmI, source)).toMatchObject(invalid);
    const items = Reflect.apply(paginate, undefined, [source, "repositories/acme"]);
    expect(await rejectionOf(items.next())).toMatchObject(invalid);
  });

  it.each([[undefined], [null], [7]])(
    "of paginate() from %o, which is no route and no page",
    async (start) => {
      const items = Reflect.apply(paginate, undefined, [api, start]);
      expect(await rejectionOf(items.next())).toMatchObject({
        ...invalid,
        message: "paginate() starts from a route or from a page.",
      });
    },
  );

  it.each([[null], [{ signal: "now" }]])("of paginate() with the options %o", async (options) => {
    const items = Reflect.apply(paginate, undefined, [api, "repositories/acme", options]);
    expect(await rejectionOf(items.next())).toMatchObject(invalid);
  });

  it.each([
    ["a route that is no text", [undefined]],
    ["a header that cannot be", ["user", null, { headers: { "a b": "c" } }]],
    ["headers that are none", ["user", null, { headers: "accept" }]],
    ["a signal that is none", ["user", null, { signal: "now" }]],
    ["a time limit that is none", ["user", null, { timeoutMs: "soon" }]],
    ["an object in a query", ["user", { q: { name: "a" } }]],
  ])("of a call with %s, and nothing is sent", async (_what, args) => {
    const before = mock.requests.api().length;
    expect(await called(api.get, ...args)).toMatchObject(invalid);
    expect(mock.requests.api()).toHaveLength(before);
  });

  it("of a page that is none, which has no next one", async () => {
    for (const page of [undefined, null, { next: "" }]) {
      expect(Reflect.apply(api.hasNextPage, api, [page])).toBe(false);
      expect(await called(api.getNextPage, page)).toMatchObject(invalid);
    }
  });

  it("of withSignal() without one", async () => {
    expect(await called(api.withSignal, "now")).toMatchObject(invalid);
  });
});

describe("options", () => {
  it.each([
    ["createAuthenticatedAPI() with an auth", createAuthenticatedAPI, [{ auth, acount: "alice" }], "acount"],
    ["createAuthenticatedAPI() with a config", createAuthenticatedAPI, [{ apName: "a" }], "apName"],
    ["createBitbucketAPI()", createBitbucketAPI, [{ acessToken: "t" }], "acessToken"],
    ["createClientFetch()", createClientFetch, [{ auth, timeout: 1 }], "timeout"],
    ["createAuthenticatedClient() of /openapi", createOpenApiClient, [{ auth, acount: "a" }], "acount"],
    ["createAuthenticatedClient() of /bitbucket", createBitbucketClient, [{ auth, acount: "a" }], "acount"],
    ["whoAmI()", whoAmI, [api, { sginal: 1 }], "sginal"],
    ["one call", api.get, ["user", null, { timeout: 1 }], "timeout"],
  ])("of %s are refused by name when they are unknown", async (_name, callee, args, option) => {
    expect(await called(callee, ...args)).toMatchObject({
      ...invalid,
      message: expect.stringContaining(`no option "${option}"`),
    });
  });

  it("of paginate() are refused by name when they are unknown", async () => {
    const items = Reflect.apply(paginate, undefined, [api, "repositories/acme", { onpage: () => 1 }]);
    expect(await rejectionOf(items.next())).toMatchObject({
      ...invalid,
      message: expect.stringContaining('no option "onpage"'),
    });
  });

  it("may be `undefined`, all but a credential and an account", async () => {
    const limits = { apiTimeoutMs: undefined, rateLimitBudgetMs: undefined, signal: undefined };
    const signedIn = await createAuthenticatedAPI({ auth, account: "alice", ...limits });
    expect(await signedIn.get("user", undefined, { headers: undefined, timeoutMs: undefined })).toBeDefined();
    const route = { endpoints: { apiUrl: undefined }, fetch: mock.fetch, clock: undefined };
    const { accessToken } = await auth.getTokens("alice");
    await createBitbucketAPI({ accessToken, ...route, ...limits }).user.get();
    const fetch = createClientFetch({
      auth,
      account: "alice",
      timeoutMs: undefined,
      rateLimitBudgetMs: undefined,
      archives: undefined,
      waitUntil: undefined,
    });
    expect(await whoAmI(fetch, { signal: undefined })).toMatchObject({ username: "alice" });
    const items = paginate(fetch, "/2.0/repositories/acme", { signal: undefined, onPage: undefined });
    expect(await items.next()).toMatchObject({ done: false });
  });

  it("of core's fetchFor() are handed on by createClientFetch(): archives", async () => {
    const archive = new URL("/acme/website/get/main.zip", mock.urls.authorize);
    const options = { auth, account: "alice" };
    expect(await rejectionOf(createClientFetch(options)(archive))).toMatchObject({ code: "foreign_origin" });
    expect((await createClientFetch({ ...options, archives: true })(archive)).status).toBe(200);
  });
});

describe("headers of a call", () => {
  it.each([
    ["an object", { Accept: "text/plain" }],
    ["a list", [["Accept", "text/plain"]]],
    ["Headers", new Headers({ Accept: "text/plain" })],
  ])("may be %s and stand in place of the usual ones", async (_what, headers) => {
    const accepted: (string | null)[] = [];
    const { get } = createBitbucketAPI({
      async fetch(input, init) {
        return Response.json(accepted.push(new Request(input, init).headers.get("accept")));
      },
    });
    await Reflect.apply(get, undefined, ["user", null, { headers }]);
    expect(accepted).toEqual(["text/plain"]);
  });
});
