import { afterEach, describe, expect, it, vi } from "vitest";
import { accessToken, apiToken, consumerCredential, oauthCredential } from "../src/index.ts";
import { email, everyKind, rejectionOf, startBitbucket } from "./bitbucket.ts";

afterEach(() => void vi.useRealTimers());

describe("every credential", () => {
  it("calls the API, and its fetch leaves the API's origin with nothing", async () => {
    const bitbucket = await startBitbucket();
    for (const credential of everyKind(bitbucket)) {
      const response = await credential.fetch("/2.0/repositories/acme/website");
      expect([credential.kind, response.status]).toEqual([credential.kind, 200]);
      expect(await rejectionOf(credential.fetch("https://example.com/2.0/user"))).toMatchObject({
        code: "foreign_origin",
      });
    }
    expect(bitbucket.mock.violations).toEqual([]);
  });

  it("gives the whole header for a client of the caller's own", async () => {
    const bitbucket = await startBitbucket();
    for (const credential of everyKind(bitbucket)) {
      const authorization = await credential.authorization();
      const response = await bitbucket.mock.fetch(
        `${bitbucket.mock.urls.api}/2.0/repositories/acme/website`,
        {
          headers: { authorization },
        },
      );
      expect([credential.kind, response.status]).toEqual([credential.kind, 200]);
    }
  });

  it("rejects on a 429 without a budget, and waits within one", async () => {
    const bitbucket = await startBitbucket();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    for (const credential of everyKind(bitbucket)) {
      bitbucket.mock.faults.next("api", { status: 429, retryAfter: 0 });
      expect(await rejectionOf(credential.fetch("/2.0/repositories/acme/website"))).toMatchObject({
        code: "rate_limited",
      });
      bitbucket.mock.faults.next("api", { status: 429, retryAfter: 0 });
      const patient = credential.fetchWith({ rateLimitBudgetMs: 60_000 });
      const response = patient("/2.0/repositories/acme/website");
      await vi.advanceTimersByTimeAsync(1_000);
      expect((await response).status).toBe(200);
    }
  });

  it("ends for a caller whose signal is aborted, before anything is sent", async () => {
    const bitbucket = await startBitbucket();
    const signal = AbortSignal.abort(new Error("the caller left"));
    for (const credential of everyKind(bitbucket)) {
      await expect(credential.authorization({ signal })).rejects.toThrow("the caller left");
      await expect(credential.git({ signal })).rejects.toThrow("the caller left");
      await expect(credential.verify({ signal })).rejects.toThrow("the caller left");
    }
    expect(bitbucket.mock.requests.api()).toEqual([]);
  });

  it("refuses unknown options by name", async () => {
    const bitbucket = await startBitbucket();
    for (const credential of everyKind(bitbucket)) {
      const wrong = [
        async () => Reflect.apply(credential.fetchWith, credential, [{ timeout: 1 }]),
        () => Reflect.apply(credential.authorization, credential, [{ sginal: 1 }]),
        () => Reflect.apply(credential.git, credential, [{ sginal: 1 }]),
        () => Reflect.apply(credential.verify, credential, [{ sginal: 1 }]),
      ];
      for (const call of wrong) {
        expect(await rejectionOf(call())).toMatchObject({
          code: "invalid_options",
          message: expect.stringMatching(/"(timeout|sginal)"/),
        });
      }
      for (const limits of [{ timeoutMs: 0 }, { timeoutMs: Number.NaN }, { rateLimitBudgetMs: -1 }])
        expect(() => credential.fetchWith(limits)).toThrow("milliseconds");
    }
    expect(bitbucket.mock.requests.api()).toEqual([]);
  });

  it("takes `undefined` for every option", async () => {
    const bitbucket = await startBitbucket();
    const unset = { expiresAt: undefined, warnAheadMs: undefined, onWarning: undefined };
    apiToken({
      email,
      token: "t",
      gitUsername: undefined,
      scheme: undefined,
      endpoints: undefined,
      ...unset,
    });
    accessToken({
      token: "t",
      workspace: undefined,
      repository: undefined,
      endpoints: { apiUrl: undefined },
    });
    accessToken({ token: "t", fetch: undefined, clock: undefined, ...unset });
    for (const credential of everyKind(bitbucket)) {
      const fetch = credential.fetchWith({
        timeoutMs: undefined,
        rateLimitBudgetMs: undefined,
        archives: undefined,
        waitUntil: undefined,
      });
      expect((await fetch("/2.0/repositories/acme/website")).status).toBe(200);
      await credential.authorization({ signal: undefined });
      await credential.git({ signal: undefined });
      expect(await credential.verify({ signal: undefined })).toMatchObject({ ok: true });
    }
  });

  it("downloads a repository archive where that is asked for, and otherwise keeps to the API", async () => {
    const bitbucket = await startBitbucket();
    const archive = new URL("/acme/website/get/main.zip", bitbucket.mock.urls.authorize);
    for (const credential of everyKind(bitbucket)) {
      expect(await rejectionOf(credential.fetch(archive))).toMatchObject({ code: "foreign_origin" });
      const response = await credential.fetchWith({ archives: true })(archive);
      expect([credential.kind, response.status]).toEqual([credential.kind, 200]);
    }
  });
});

describe("a credential that cannot be renewed", () => {
  const soon = Date.UTC(2026, 10, 10);

  it("is sent once and not again when it is refused, and its error says what to change", async () => {
    const { mock, route } = await startBitbucket();
    const cases = [
      [apiToken({ ...route, email, token: "ATCTT-of-a-repository" }), "use accessToken({ token })"],
      [apiToken({ ...route, email, token: "ATBBdead" }), "removed them on 2026-07-28"],
      [apiToken({ ...route, email: "alice", token: "ATATTx" }), "the email of the Atlassian account"],
      [apiToken({ ...route, email, token: "ATATTx" }), "Check that the email"],
      [apiToken({ ...route, email, token: "ATATTx", scheme: "bearer" }), 'leave out scheme: "bearer"'],
      [accessToken({ ...route, token: "ATATT-of-a-user" }), "apiToken({ email, token })"],
      [accessToken({ ...route, token: "ATCTTx" }), "does not accept access tokens"],
      [accessToken({ ...route, token: "an-oauth-token" }), "it lived two hours"],
    ] as const;
    for (const [credential, words] of cases) {
      const sent = mock.requests.api().length;
      const error = await rejectionOf(credential.fetch("/2.0/repositories/acme"));
      expect(error).toMatchObject({ code: "access_token_rejected", status: 401, action: "fix_config" });
      expect(String(error)).toContain(words);
      expect(mock.requests.api()).toHaveLength(sent + 1);
    }
  });

  it("warns once ahead of its expiry and once after it", async () => {
    const { mock, route, ...issue } = await startBitbucket();
    const told: unknown[] = [];
    const onWarning = (warning: unknown): void => void told.push(warning);
    const credential = apiToken({ ...route, ...issue.apiToken(), expiresAt: soon, onWarning });
    expect(credential.expiresAt).toBe(soon);
    await credential.fetch("/2.0/repositories/acme");
    await credential.authorization();
    expect(told).toEqual([
      {
        code: "expires_soon",
        kind: "api_token",
        expiresAt: soon,
        message:
          "This Bitbucket API token expires on 2026-11-10 and cannot be renewed. Make a new one before that day.",
      },
    ]);
    await mock.clock.advance("9d");
    await credential.git();
    await credential.authorization();
    expect(told).toMatchObject([{ code: "expires_soon" }, { code: "expired" }]);
  });

  it("does not warn earlier than it was told to, and goes on when a warning cannot be delivered", async () => {
    const { route, ...issue } = await startBitbucket();
    const told: unknown[] = [];
    const early = accessToken({
      ...route,
      ...issue.accessToken(),
      expiresAt: soon,
      warnAheadMs: 1_000,
      onWarning: (warning) => void told.push(warning),
    });
    await early.authorization();
    expect(told).toEqual([]);
    const deaf = accessToken({
      ...route,
      ...issue.accessToken(),
      expiresAt: soon,
      onWarning() {
        throw new Error("the log is full");
      },
    });
    await expect(deaf.authorization()).resolves.toMatch(/^Bearer /);
  });

  it.each([
    ["an unknown option", () => apiToken(Object.assign({ email, token: "t" }, { user: "alice" })), '"user"'],
    ["a token with a line end", () => accessToken({ token: "secret\n" }), "token contains a line end"],
    ["an empty token", () => accessToken({ token: "" }), "token is missing"],
    ["a token with its scheme", () => accessToken({ token: "Bearer t" }), 'begins with "Bearer "'],
    ["a header in place of a token", () => apiToken({ email, token: "basic dDp0" }), "token alone"],
    [
      "an expiry in seconds",
      () => accessToken({ token: "t", expiresAt: 1_900_000_000 }),
      "epoch milliseconds",
    ],
    ["no email", () => apiToken({ email: "", token: "t" }), "email is missing"],
    [
      "an email as Git user",
      () => apiToken({ email, token: "t", gitUsername: email }),
      "must not be an email",
    ],
    [
      "a repository with its workspace in front",
      () => accessToken({ token: "t", workspace: "acme", repository: "acme/site" }),
      "repository must be a slug alone",
    ],
    [
      "a workspace with a repository behind it",
      () => accessToken({ token: "t", workspace: "acme/site" }),
      "workspace must be a slug alone",
    ],
    [
      "a repository without a workspace",
      () => accessToken({ token: "t", repository: "site" }),
      "needs workspace",
    ],
    [
      "an expiry that is no time",
      () => accessToken({ token: "t", expiresAt: Number.NaN }),
      "epoch milliseconds",
    ],
    [
      "an API without TLS",
      () => accessToken({ token: "t", endpoints: { apiUrl: "http://api.example.com" } }),
      "https:",
    ],
  ])("is refused at once for %s", (_what, make, words) => {
    expect(make).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(words) }),
    );
  });
});

describe("oauthCredential() and consumerCredential()", () => {
  it("renew: an expired grant costs one refresh", async () => {
    const { mock, auth } = await startBitbucket({ profile: "strict" });
    const credential = oauthCredential({ auth, account: "alice" });
    await mock.clock.advance("3h");
    await Promise.all(Array.from({ length: 20 }, () => credential.fetch("/2.0/user")));
    expect(mock.requests.token("refresh_token")).toHaveLength(1);
    expect(credential.expiresAt).toBeUndefined();
  });

  it("never take a lost account for the consumer", async () => {
    const { mock, auth } = await startBitbucket();
    for (const account of [undefined, null, ""])
      expect(() => Reflect.apply(oauthCredential, undefined, [{ auth, account }])).toThrow(
        expect.objectContaining({ code: "invalid_options" }),
      );
    expect(mock.requests.all).toEqual([]);
  });

  it("refuse what is no BitbucketAuth", () => {
    expect(() => Reflect.apply(consumerCredential, undefined, [{ auth: {} }])).toThrow("auth.getTokens");
  });
});
