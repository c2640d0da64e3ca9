import { inspect } from "node:util";
import * as credentials from "@bitbucket-auth/credentials";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { createAuthenticatedClient as createBitbucketClient } from "../src/bitbucket.ts";
import {
  createAuthenticatedAPI,
  createClientFetch,
  whoAmI,
  createBitBucketAPI,
  createBitbucketAPI,
} from "../src/index.ts";
import { createAuthenticatedClient as createOpenApiClient } from "../src/openapi.ts";
import { recordFetch } from "./recorded-fetch.ts";
import { rejectionOf, signedInApi } from "./signed-in-api.ts";

describe("{ credential }", () => {
  it("carries the calls of every client", async () => {
    const { mock, auth } = await signedInApi();
    const { token } = mock.issueCredential({ kind: "api-token" });
    const user = mock.users[0];
    const route = { fetch: mock.fetch, clock: mock.clock, endpoints: { apiUrl: mock.urls.api } };
    for (const credential of [
      credentials.apiToken({ ...route, email: user?.email ?? "", token }),
      credentials.oauthCredential({ auth, account: "alice" }),
    ]) {
      const api = await createAuthenticatedAPI({ credential });
      expect(await api.whoAmI()).toMatchObject({ uuid: user?.uuid });
      expect(await whoAmI(createClientFetch({ credential }))).toMatchObject({ uuid: user?.uuid });
      const { data } = await (await createOpenApiClient({ credential })).GET("/user");
      expect(data).toMatchObject({ uuid: user?.uuid });
      const client = await createBitbucketClient({ credential });
      expect((await client["users"]?.["getAuthedUser"]?.())?.data).toMatchObject({ uuid: user?.uuid });
    }
    expect(mock.violations).toEqual([]);
  });

  it("is not asked to renew what cannot be renewed: a refused call is sent once", async () => {
    const { mock } = await signedInApi();
    const route = { fetch: mock.fetch, clock: mock.clock, endpoints: { apiUrl: mock.urls.api } };
    const api = await createAuthenticatedAPI({
      credential: credentials.accessToken({ ...route, token: "ATCTTdead" }),
    });
    expect(await rejectionOf(api.repositories.getByUser("acme"))).toMatchObject({
      code: "access_token_rejected",
      action: "fix_config",
    });
    expect(mock.requests.api()).toHaveLength(1);
    expect(mock.requests.token()).toEqual([]);
  });

  it("is refused beside an auth, and when it is none", async () => {
    const { auth } = await signedInApi();
    const credential = credentials.oauthCredential({ auth, account: "alice" });
    for (const options of [{ credential, auth }, { credential: {} }, { credential: undefined }])
      expect(await rejectionOf(Reflect.apply(createAuthenticatedAPI, undefined, [options]))).toMatchObject({
        code: "invalid_options",
      });
  });
});

describe("an account that was passed and is none", () => {
  it.each([undefined, null, ""])("is refused by every client, and nothing is sent: %o", async (account) => {
    const { mock, auth } = await signedInApi();
    const options = { auth, account };
    const refused = expect.objectContaining({ code: "invalid_options" });
    expect(await rejectionOf(Reflect.apply(createAuthenticatedAPI, undefined, [options]))).toEqual(refused);
    expect(await rejectionOf(Reflect.apply(createOpenApiClient, undefined, [options]))).toEqual(refused);
    expect(await rejectionOf(Reflect.apply(createBitbucketClient, undefined, [options]))).toEqual(refused);
    expect(() => Reflect.apply(createClientFetch, undefined, [options])).toThrow(refused);
    expect(mock.requests.all).toEqual([]);
  });
});

describe("{ withResponse: true }", () => {
  it("tells what is in a header alone", async () => {
    const { mock, api } = await signedInApi();
    const location = `${mock.urls.api}/2.0/repositories/acme/website/pullrequests/1/merge/task-status/7`;
    mock.faults.next("api", { answer: { status: 202, headers: { location } } });
    const merged = await api.post(
      "repositories/acme/website/pullrequests/1/merge?async=true",
      {},
      { withResponse: true },
    );
    expect(merged).toMatchObject({ status: 202, data: {}, headers: { location } });
  });

  it("is one of five options: another is refused by name", async () => {
    const { api } = await signedInApi();
    const wrong = Reflect.apply(api.get, api, ["user", undefined, { withRespons: true }]);
    expect(await rejectionOf(wrong)).toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining('"withRespons"'),
    });
  });
});

describe("createBitbucketAPI()", () => {
  it("calls with an access token, given alone or by name", async () => {
    const mock = createBitbucketMock();
    const { accessToken } = mock.issueGrant().tokens;
    expect(await createBitbucketAPI({ accessToken, fetch: mock.fetch }).user.get()).toMatchObject({
      username: "alice",
    });
    const { fetch } = globalThis;
    globalThis.fetch = mock.fetch;
    try {
      expect(await createBitbucketAPI(accessToken).user.get()).toMatchObject({ username: "alice" });
    } finally {
      globalThis.fetch = fetch;
    }
  });

  it("has its older spelling too", () => {
    expect(createBitBucketAPI).toBe(createBitbucketAPI);
  });

  it("calls with a username and a password in UTF-8", async () => {
    const { fetch, sent } = recordFetch(async () => Response.json({}));
    await createBitbucketAPI({
      basicAuth: { username: "a@example.com", password: "gehëim" },
      fetch,
    }).user.get();
    expect(sent[0]?.authorization).toBe(`Basic ${Buffer.from("a@example.com:gehëim").toString("base64")}`);
  });

  it("sends no Authorization header without a credential", async () => {
    const { fetch, sent } = recordFetch(async () => Response.json({}));
    await createBitbucketAPI({ fetch }).hookEvents.get();
    expect(sent[0]?.authorization).toBeNull();
  });

  it("changes its credentials when told, each for the calls that follow", async () => {
    const { fetch, sent } = recordFetch(async () => Response.json({}));
    const api = createBitbucketAPI({ accessToken: "one", fetch });
    await api.user.get();
    await api.authenticateOAuth2("two").user.get();
    await api.authenticateBasic("a", "b").user.get();
    await api.deAuthenticate().user.get();
    expect(sent.map(({ authorization }) => authorization)).toEqual([
      "Bearer one",
      "Bearer two",
      "Basic YTpi",
      null,
    ]);
  });

  it("keeps the token of one object from another", async () => {
    const { fetch, sent } = recordFetch(async () => Response.json({}));
    const one = createBitbucketAPI({ accessToken: "one", fetch });
    const two = createBitbucketAPI({ accessToken: "two", fetch });
    await Promise.all([one.user.get(), two.user.get()]);
    expect(new Set(sent.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer one", "Bearer two"]),
    );
  });

  it.each([
    [{ accessToken: "dead" }, "createAuthenticatedAPI() renews it"],
    [{ accessToken: "ATATTdead" }, "or basicAuth"],
    [{ basicAuth: { username: "a", password: "b" } }, "app passwords, which took one, ended"],
    [{}, "needs a credential"],
  ])("says what to do when Bitbucket refuses %o", async (given, words) => {
    const mock = createBitbucketMock();
    const error = await rejectionOf(createBitbucketAPI({ ...given, fetch: mock.fetch }).user.get());
    expect(error).toMatchObject({ code: "access_token_rejected", message: expect.stringContaining(words) });
  });

  it("sends no credentials to another host when Bitbucket redirects there", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("api", { redirect: 302, to: "https://files.example/x" });
    const { fetch, sent } = recordFetch(
      (input, init) =>
        new Request(input).url.includes("files.example")
          ? Promise.resolve(new Response("x"))
          : mock.fetch(input, init),
      () => true,
    );
    await createBitbucketAPI({ basicAuth: { username: "a", password: "b" }, fetch }).get(
      "repositories/acme/web/downloads/x",
    );
    expect(sent.map(({ authorization }) => authorization)).toEqual(["Basic YTpi", null]);
  });

  it.each([
    "",
    { accessToken: "" },
    { basicAuth: { username: "a", password: "" } },
    { endpoints: { apiUrl: "http://api.example" } },
    { endpoints: { apiUrl: "nonsense" } },
  ])("refuses %o at once", (options) => {
    expect(() => createBitbucketAPI(options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
  });
});

describe("no secret is in what can be printed", () => {
  it("not in an API object, nor in any of its errors", async () => {
    const { mock, grant, api } = await signedInApi();
    const { accessToken } = grant.tokens;
    const echoed = { status: 500, headers: { "content-type": "text/plain" }, body: `no ${accessToken}` };
    const printed: unknown[] = [api, createBitbucketAPI({ accessToken })];
    for (const fault of [
      { status: 401 },
      { status: 429 },
      { network: "reset" },
      { answer: echoed },
    ] as const) {
      const fixed = createBitbucketAPI({
        accessToken: mock.grant(grant).tokens.accessToken,
        fetch: mock.fetch,
      });
      mock.faults.when("api", fault);
      printed.push(await rejectionOf(api.user.get()), await rejectionOf(fixed.user.get()));
      mock.faults.clear();
    }
    const text = printed
      .map((one) => `${inspect(one, { depth: 12, showHidden: true })} ${String(one)}`)
      .join("\n");
    expect(mock.leaks(text)).toEqual([]);
  });
});
