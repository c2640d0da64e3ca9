import {
  createMemoryStorage,
  getAccessToken,
  isBitbucketAuthError,
  type TokenConfig,
} from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { createAuthenticatedAPI } from "../src/index.ts";
import { rejection, signedInApi } from "./signed-in-api.ts";

/** The options of the one-liner for the fake's consumer. */
function configFor(mock: BitbucketMock): TokenConfig {
  const { clientId, clientSecret, endpoints } = mock.issueGrant().clientOptions;
  return {
    consumerKey: clientId,
    consumerSecret: clientSecret,
    endpoints,
    fetch: mock.fetch,
    clock: mock.clock,
  };
}

describe("createAuthenticatedAPI({ auth, account })", () => {
  it("serves 50 callers at once over 20 expiries with 20 refreshes", async () => {
    const { mock, api } = await signedInApi();

    for (let expiry = 0; expiry < 20; expiry += 1) {
      await mock.clock.advance("121m");
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => api.user.get<{ username: string }>()),
      );
      expect(answers.map(({ username }) => username)).toEqual(Array.from({ length: 50 }, () => "alice"));
    }

    expect(mock.requests.token("refresh_token")).toHaveLength(20);
    expect(mock.requests.api("/2.0/user")).toHaveLength(1000);
    expect(mock.reuseCount).toBe(0);
  });

  it("renews the token once when Bitbucket refuses one that should be good", async () => {
    const { mock, grant, api } = await signedInApi();
    mock.grant(grant).expireAccessToken();

    const answers = await Promise.all(Array.from({ length: 50 }, () => api.promised.user.get()));

    expect(answers).toHaveLength(50);
    expect(mock.requests.token("refresh_token")).toHaveLength(1);
  });

  it("gives callbacks the answer alone, or the error alone", async () => {
    const { mock, api } = await signedInApi();
    const first = await new Promise((resolve) => api.user.get((...args) => resolve(args)));
    expect(first).toEqual([null, expect.objectContaining({ username: "alice" })]);

    mock.faults.next("api", { status: 500 });
    const second = await new Promise<unknown[]>((resolve) => api.user.get((...args) => resolve(args)));
    expect(second).toEqual([expect.objectContaining({ code: "api_request_failed", transient: true })]);
  });

  it("acts as the consumer itself without an account", async () => {
    const { auth } = await signedInApi();
    expect(await (await createAuthenticatedAPI({ auth })).whoAmI()).toMatchObject({ type: "app_user" });
  });

  it("rejects typed for an account that is not signed in, and sends nothing", async () => {
    const { mock, auth } = await signedInApi();
    const bob = await createAuthenticatedAPI({ auth, account: "bob" });
    expect(await rejection(bob.user.get())).toMatchObject({ code: "signed_out", action: "reauthorize" });
    expect(mock.requests.all).toHaveLength(0);
  });

  it("rejects a 429 at once unless it was given time to wait", async () => {
    const { mock, auth, api } = await signedInApi();
    mock.faults.next("api", { status: 429, retryAfter: 3600 });
    expect(await rejection(api.user.get())).toMatchObject({ code: "rate_limited", action: "retry" });

    const asked: unknown[] = [];
    const fetchFor: typeof auth.fetchFor = (account, limits) => {
      asked.push(limits);
      return auth.fetchFor(account, limits);
    };
    const patient = await createAuthenticatedAPI({
      auth: { ...auth, fetchFor },
      account: "alice",
      rateLimitBudgetMs: 1_000,
      apiTimeoutMs: 5_000,
    });
    await patient.user.get();
    await patient.get("user", null, { rateLimitBudgetMs: 2_000 });
    expect(asked).toEqual([
      { timeoutMs: 5_000, rateLimitBudgetMs: 1_000 },
      { timeoutMs: 5_000, rateLimitBudgetMs: 2_000 },
    ]);
  });

  it("ends a call that is not answered in time, typed", async () => {
    const { mock, api } = await signedInApi({}, { apiTimeoutMs: 20 });
    mock.faults.next("api", { hang: true });
    expect(await rejection(api.user.get())).toMatchObject({ code: "api_request_failed", transient: true });
    mock.faults.clear();
  });

  it("ends calls with the caller's own reason when a signal aborts: of one call, or of the object", async () => {
    const { mock, api } = await signedInApi();
    mock.faults.when("api", { hang: true });
    const one = new AbortController();
    const all = new AbortController();
    const inOneCall = rejection(api.get("user", null, { signal: one.signal }));
    const inTheObject = rejection(api.withSignal(all.signal).promised.user.getEmails());
    one.abort("enough");
    all.abort("closing");
    expect(await inOneCall).toBe("enough");
    expect(await inTheObject).toBe("closing");
    mock.faults.clear();
    expect(await api.user.get()).toMatchObject({ username: "alice" });
  });

  it("is bound to its account: other credentials need an object of their own", async () => {
    const { api } = await signedInApi();
    expect(() => api.authenticateOAuth2("other")).toThrow(
      expect.objectContaining({ code: "invalid_options" }),
    );
  });
});

describe("createAuthenticatedAPI(config)", () => {
  it("goes on for 20 expiries with loadConfig and saveConfig, in one client made once", async () => {
    const mock = createBitbucketMock({ profile: "strict", clock: { now: () => Date.UTC(2026, 10, 2) } });
    const { tokens } = mock.issueGrant();
    let saved: unknown = { refreshToken: tokens.refreshToken };
    const api = await createAuthenticatedAPI({
      ...configFor(mock),
      getAccessToken,
      appName: "my-app",
      loadConfig: () => saved,
      saveConfig: (config) => {
        saved = config;
      },
    });
    for (let expiry = 0; expiry < 20; expiry += 1) {
      await mock.clock.advance("121m");
      const answers = await Promise.all(Array.from({ length: 50 }, () => api.user.get()));
      expect(answers).toHaveLength(50);
    }
    expect(mock.requests.token("refresh_token")).toHaveLength(21);
    expect(mock.reuseCount).toBe(0);
  });

  it("uses client credentials with key and secret alone, and asks again when they run out", async () => {
    const mock = createBitbucketMock({ clock: { now: () => Date.UTC(2026, 10, 2) } });
    const api = await createAuthenticatedAPI({
      appName: "my-app",
      storage: createMemoryStorage({ clock: mock.clock }),
      ...configFor(mock),
    });
    await mock.clock.advance("121m");
    await Promise.all(Array.from({ length: 50 }, () => api.user.get()));
    expect(mock.requests.token("client_credentials")).toHaveLength(2);
  });

  it("asks the caller's own getAccessToken again when its token is refused, once for everybody", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    const asked: unknown[] = [];
    const api = await createAuthenticatedAPI({
      appName: "my-app",
      fetch: mock.fetch,
      getAccessToken: async ({ rejected, appName }) => {
        asked.push([appName, rejected]);
        return rejected === undefined ? grant.tokens.accessToken : mock.grant(grant).rotateElsewhere();
      },
    });
    await api.user.get();
    mock.grant(grant).expireAccessToken();
    await Promise.all(Array.from({ length: 50 }, () => api.user.get()));
    expect(asked).toEqual([
      ["my-app", undefined],
      ["my-app", grant.tokens.accessToken],
    ]);
  });

  it("rejects before anything is sent when the consumer's key is missing", async () => {
    const error = await rejection(createAuthenticatedAPI({}));
    expect(error).toMatchObject({ code: "invalid_options" });
    expect(isBitbucketAuthError(error)).toBe(true);
  });

  it("takes other credentials for a while", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    const api = await createAuthenticatedAPI(configFor(mock));
    expect(await api.authenticateOAuth2(grant.tokens.accessToken).whoAmI()).toMatchObject({
      username: "alice",
    });
    expect(await rejection(api.deAuthenticate().whoAmI())).toMatchObject({ code: "access_token_rejected" });
  });
});
