import {
  createMemoryStorage,
  getAccessToken,
  isBitbucketAuthError,
  type TokenConfig,
  createBitbucketAuth,
  type TokenStorage,
  SignedOutError,
} from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock, type BitbucketMockOptions } from "@bitbucket-auth/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createAuthenticatedAPI, type ConfigAPIOptions } from "../src/index.ts";
import { rejectionOf, signedInApi } from "./signed-in-api.ts";

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

  it("renews the token once when Bitbucket refuses an unexpired one", async () => {
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
    expect(await rejectionOf(bob.user.get())).toMatchObject({ code: "signed_out", action: "reauthorize" });
    expect(mock.requests.all).toHaveLength(0);
  });

  it("rejects a 429 at once unless it was given time to wait", async () => {
    const { mock, auth, api } = await signedInApi();
    mock.faults.next("api", { status: 429, retryAfter: 3600 });
    expect(await rejectionOf(api.user.get())).toMatchObject({ code: "rate_limited", action: "retry" });

    const asked: unknown[] = [];
    const fetchFor: typeof auth.fetchFor = (...args: [account?: string | object, limits?: object]) => {
      asked.push(args[1]);
      return auth.fetchFor("alice", args[1]);
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
    expect(await rejectionOf(api.user.get())).toMatchObject({ code: "api_request_failed", transient: true });
    mock.faults.clear();
  });

  it("ends calls with the caller's own reason when a signal aborts: of one call, or of the object", async () => {
    const { mock, api } = await signedInApi();
    mock.faults.when("api", { hang: true });
    const one = new AbortController();
    const all = new AbortController();
    const inOneCall = rejectionOf(api.get("user", null, { signal: one.signal }));
    const inTheObject = rejectionOf(api.withSignal(all.signal).promised.user.getEmails());
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

  it("asks the caller's own getAccessToken again when its token is refused, once for all callers", async () => {
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
    const error = await rejectionOf(createAuthenticatedAPI({}));
    expect(error).toMatchObject({ code: "invalid_options" });
    expect(isBitbucketAuthError(error)).toBe(true);
  });

  it("rejects a refresh token whose successor would end with the process, and sends nothing", async () => {
    const mock = createBitbucketMock();
    const { refreshToken } = mock.issueGrant().tokens;
    const api = createAuthenticatedAPI({ ...configFor(mock), refreshToken });
    expect(await rejectionOf(api)).toMatchObject({ code: "invalid_options" });
    expect(mock.requests.all).toHaveLength(0);
  });

  it("takes other credentials for a while", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    const api = await createAuthenticatedAPI(configFor(mock));
    expect(await api.authenticateOAuth2(grant.tokens.accessToken).whoAmI()).toMatchObject({
      username: "alice",
    });
    expect(await rejectionOf(api.deAuthenticate().whoAmI())).toMatchObject({ code: "access_token_rejected" });
  });
});

function setUp(options: BitbucketMockOptions = {}): { mock: BitbucketMock; config: TokenConfig } {
  const mock = createBitbucketMock({
    profile: "strict",
    clock: { now: () => Date.UTC(2026, 10, 2) },
    ...options,
  });
  const { clientId, clientSecret, endpoints } = mock.issueGrant().clientOptions;
  return {
    mock,
    config: {
      appName: "my-app",
      storage: createMemoryStorage({ clock: mock.clock }),
      consumerKey: clientId,
      consumerSecret: clientSecret,
      endpoints,
      fetch: mock.fetch,
      clock: mock.clock,
      logging: false,
    },
  };
}

const fifty = <T>(ask: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 50 }, ask));

/** The calls of one API object, told by the tokens that they carry. */
interface CarriedTokens {
  /** Makes a call and answers the token with which the API took it. */
  token(options?: { readonly signal?: AbortSignal }): Promise<string>;
  /** From now on the API refuses the token. */
  refuse(token: string): void;
  /** Makes a call now whose answer comes when the answered function is called: as `token()`. */
  lateToken(): () => Promise<string>;
}

/** An API object for the config, on an API that takes every token until it is told to refuse it. */
async function carriedTokens(config: ConfigAPIOptions): Promise<CarriedTokens> {
  const refused = new Set<string>();
  let answerLate = (): void => undefined;
  const late = new Promise<void>((resolve) => (answerLate = resolve));
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const [, token] = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
    if (token === undefined) return (config.fetch ?? globalThis.fetch)(request);
    if (request.url.endsWith("/late")) await late;
    if (!refused.has(token)) return Response.json({ token });
    return Response.json({ type: "error", error: { message: "Access token expired." } }, { status: 401 });
  };
  const api = await createAuthenticatedAPI({ ...config, fetch });
  const call = async (route: string, options?: { readonly signal?: AbortSignal }): Promise<string> => {
    const answer = await api.get<{ token: string }>(route, null, options);
    return answer.token;
  };
  return {
    token: (options) => call("user", options),
    refuse: (token) => void refused.add(token),
    lateToken() {
      const answer = call("late");
      return () => {
        answerLate();
        return answer;
      };
    },
  };
}

describe("the tokens of createAuthenticatedAPI(config)", () => {
  it("come from client credentials where there is no grant, once for all callers", async () => {
    const { mock, config } = setUp();
    const { token } = await carriedTokens(config);
    expect(new Set(await fifty(() => token())).size).toBe(1);
    expect(mock.requests.token("client_credentials")).toHaveLength(1);
  });

  it("are obtained anew when they have expired, once for all callers", async () => {
    const { mock, config } = setUp();
    const { token } = await carriedTokens(config);
    const old = await token();
    await mock.clock.advance("121m");
    const fresh = new Set(await fifty(() => token()));
    expect(fresh.size).toBe(1);
    expect(fresh.has(old)).toBe(false);
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("are obtained anew when the API refuses an unexpired one, also for a late caller", async () => {
    const { mock, config } = setUp();
    const { token, refuse, lateToken } = await carriedTokens(config);
    const rejected = await token();
    const late = lateToken();
    refuse(rejected);
    const [fresh] = await fifty(() => token());
    expect(await late()).toBe(fresh);
    expect(fresh).not.toBe(rejected);
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("are obtained also for callers that read the storage before they were there", async () => {
    const { mock, config } = setUp();
    const memory = createMemoryStorage({ clock: mock.clock });
    let reads = 0;
    const slow: TokenStorage = {
      ...memory,
      async get(key, options) {
        const entry = await memory.get(key, options);
        for (let turn = (reads += 1); turn > 0; turn -= 1)
          await new Promise((resolve) => setImmediate(resolve));
        return entry;
      },
    };
    const { token, refuse } = await carriedTokens({ ...config, storage: slow });
    refuse(await token());
    await fifty(() => token());
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("are those of getAccessToken(config)", async () => {
    const { mock, config } = setUp();
    const kept = await getAccessToken(config);
    const { token } = await carriedTokens(config);
    expect(await token()).toBe(kept);
    expect(mock.requests.token()).toHaveLength(1);
  });

  it("are refreshed where the grant can be", async () => {
    const { mock, config } = setUp();
    const { clientOptions, tokens } = mock.issueGrant();
    const storage = createMemoryStorage({ clock: mock.clock });
    const { fetch } = mock;
    await createBitbucketAuth({ ...clientOptions, storage, fetch, clock: mock.clock }).saveTokens(
      "my-app",
      tokens,
    );
    const { token, refuse } = await carriedTokens({ ...config, storage });
    await mock.clock.advance("121m");
    await fifty(() => token());
    refuse(await token());
    await mock.clock.advance("2m");
    await fifty(() => token());
    expect(mock.requests.token("refresh_token")).toHaveLength(2);
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("are not the consumer's when a user's grant has ended", async () => {
    const { mock, config } = setUp();
    const grant = mock.issueGrant();
    mock.grant(grant).revoke();
    const ended = carriedTokens({
      ...config,
      storage: {
        loadConfig: () => ({ refreshToken: grant.tokens.refreshToken }),
        saveConfig: () => undefined,
      },
    });
    expect(await rejectionOf(ended)).toMatchObject({ action: "reauthorize" });
    expect(mock.requests.token("client_credentials")).toHaveLength(0);
  });

  it("are not the consumer's either when the refresh of a refused, unexpired one is refused in doubt", async () => {
    const { mock, config } = setUp();
    const { clientOptions, tokens } = mock.issueGrant();
    const storage = createMemoryStorage({ clock: mock.clock });
    const { fetch, clock } = mock;
    const auth = createBitbucketAuth({ ...clientOptions, storage, fetch, clock });
    await auth.saveTokens("my-app", tokens);
    const { token, refuse } = await carriedTokens({ ...config, storage });
    refuse(await token());
    await mock.clock.advance("2m");
    mock.faults.next("token", { oauth: "unauthorized_client" });
    expect(await rejectionOf(token())).toMatchObject({ code: "refresh_rejected", certainty: "probable" });
    expect(mock.requests.token("client_credentials")).toHaveLength(0);
    await mock.clock.advance("10m");
    await token();
    expect(mock.requests.token("refresh_token")).toHaveLength(2);
  });

  it("come from the credentialsProvider where there is no grant", async () => {
    const { mock, config } = setUp({ profile: "cloud-legacy" });
    const [{ username, password } = { username: "", password: "" }] = mock.users;
    await carriedTokens({ ...config, credentialsProvider: () => ({ username, password }) });
    expect(mock.requests.token("password")).toHaveLength(1);
  });

  it("are forced once when the config says so", async () => {
    const { mock, config } = setUp();
    const kept = await getAccessToken(config);
    const { token } = await carriedTokens({ ...config, forceCredentials: true });
    const [first] = await fifty(() => token());
    expect(first).not.toBe(kept);
    expect(await token()).toBe(first);
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("are not waited for by a caller that aborts, and the others get theirs", async () => {
    const { mock, config } = setUp();
    const { token } = await carriedTokens(config);
    await mock.clock.advance("121m");
    const gate = mock.gates.hold("token", "before-commit");
    const stop = new AbortController();
    const aborted = rejectionOf(token({ signal: stop.signal }));
    const other = token();
    await gate.arrived(1);
    stop.abort("enough");
    expect(await aborted).toBe("enough");
    gate.release();
    expect(await other).not.toBe("");
    expect(mock.requests.token()).toHaveLength(2);
  });
});

/** Answers token 1, 2, 3 …, and counts. */
function counting(): { ask: () => Promise<string>; asked(): number } {
  let asked = 0;
  return { ask: async () => `token ${(asked += 1)}`, asked: () => asked };
}

describe("the tokens of createAuthenticatedAPI({ getAccessToken })", () => {
  afterEach(() => void vi.useRealTimers());

  it("are kept until the API refuses them", async () => {
    const { ask, asked } = counting();
    const { token, refuse, lateToken } = await carriedTokens({ getAccessToken: ask });
    expect([await token(), await token()]).toEqual(["token 1", "token 1"]);
    const late = lateToken();
    refuse("token 1");
    expect(await token()).toBe("token 2");
    expect(await late()).toBe("token 2");
    expect(asked()).toBe(2);
  });

  it("are asked for once by all callers", async () => {
    const { ask, asked } = counting();
    const { token, refuse } = await carriedTokens({ getAccessToken: ask });
    await fifty(() => token());
    refuse("token 1");
    await fifty(() => token());
    expect(asked()).toBe(2);
  });

  it.each([
    ["a token response, as getAccessToken() of 2017 gave it", { access_token: "t", token_type: "bearer" }],
    ["a token set", { accessToken: "t" }],
  ])("may come in %s", async (_what, answer) => {
    const { token } = await carriedTokens({ getAccessToken: () => answer });
    expect(await token()).toBe("t");
  });

  it.each([undefined, "", 7, null, {}, { accessToken: 7 }, { access_token: 7 }])(
    "are missing in %o",
    async (answer) => {
      const ask = (() => answer) as () => string;
      expect(await rejectionOf(carriedTokens({ getAccessToken: ask }))).toMatchObject({
        code: "token_request_failed",
      });
    },
  );

  it("are asked for again after a failure", async () => {
    const answers = ["first", undefined, "third"];
    const { token, refuse } = await carriedTokens({
      getAccessToken() {
        const answer = answers.shift();
        if (answer === undefined) throw new Error("down");
        return answer;
      },
    });
    refuse("first");
    expect(await rejectionOf(token())).toMatchObject({ code: "token_request_failed" });
    expect(await token()).toBe("third");
  });

  it("are missing with core's own error, or with the name alone of another", async () => {
    const ours = new SignedOutError("Sign in.");
    expect(await rejectionOf(carriedTokens({ getAccessToken: () => Promise.reject(ours) }))).toBe(ours);
    const foreign = new TypeError("the secret is s3cret");
    const error = await rejectionOf(carriedTokens({ getAccessToken: () => Promise.reject(foreign) }));
    expect(error).toMatchObject({
      code: "token_request_failed",
      message: expect.stringContaining("TypeError"),
    });
    expect(JSON.stringify(error) + String(error)).not.toContain("s3cret");
  });

  it("are waited for within a minute, and asked for anew after that", async () => {
    const { ask, asked } = counting();
    let hangs = false;
    const { token, refuse } = await carriedTokens({
      getAccessToken: () => (hangs ? new Promise<string>(() => {}) : ask()),
    });
    hangs = true;
    refuse("token 1");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const first = rejectionOf(token());
    const joined = token();
    await vi.advanceTimersByTimeAsync(59_999);
    hangs = false;
    await vi.advanceTimersByTimeAsync(1);
    expect(await first).toMatchObject({ code: "token_request_failed", transient: true });
    vi.useRealTimers();
    expect([await joined, await token(), asked()]).toEqual(["token 2", "token 2", 2]);
  });

  it("are not waited for by a caller that aborts", async () => {
    const stop = new AbortController();
    const options = { getAccessToken: () => new Promise<string>(() => {}), signal: stop.signal };
    const aborted = rejectionOf(createAuthenticatedAPI(options));
    stop.abort("enough");
    expect(await aborted).toBe("enough");
    expect(await rejectionOf(createAuthenticatedAPI(options))).toBe("enough");
  });
});
