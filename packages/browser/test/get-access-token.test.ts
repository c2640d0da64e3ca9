import {
  createMemoryStorage,
  getAccessToken as getAccessTokenOfCore,
  type TokenConfig,
} from "@bitbucket-auth/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPageStorage, getAccessToken } from "../src/global.ts";
import { rejectionOf } from "./fake-page.ts";
import { createFakeTokenEndpoint, refusal, tokens, type SentRequest } from "./fake-token-endpoint.ts";
import { stubPage, type FakePlatform } from "./fake-platform.ts";

const now = 1_800_000_000_000;
const fresh = { accessToken: "access-1", refreshToken: "refresh-1", expiresAt: now + 7_200_000 };
const expired = { ...fresh, expiresAt: now - 1 };
const key = "bitbucket.org/consumer-key/user/default";

let platform: FakePlatform;
beforeEach(() => {
  platform = stubPage();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

interface ConfigUnderTest {
  /** Functions over local storage, as a page has them. */
  readonly config: TokenConfig;
  readonly requests: readonly SentRequest[];
  readonly clock: { now(): number; advance(ms: number): void };
  readonly kept: () => Readonly<Record<string, unknown>> | undefined;
  /** The same config with functions of its own: what another tab has. */
  anotherTab(): TokenConfig;
}

/** A consumer, canned token responses, and what is in local storage under the grant's key. */
function configUnderTest(
  stored: object | undefined,
  answers: readonly (Response | Error)[] = [tokens(2)],
  overrides: TokenConfig = {},
): ConfigUnderTest {
  const { fetch, requests } = createFakeTokenEndpoint(...answers);
  let time = now;
  const clock = { now: () => time, advance: (ms: number) => void (time += ms) };
  if (stored) platform.local.set(key, JSON.stringify(stored));
  const load = (of: string): Record<string, unknown> | undefined => {
    const text = localStorage.getItem(of);
    return text === null ? undefined : { ...JSON.parse(text) };
  };
  const anotherTab = (): TokenConfig => ({
    consumerKey: "consumer-key",
    consumerSecret: "consumer-secret",
    loadConfig: (request) => load(request.key),
    saveConfig: (config, request) => localStorage.setItem(request.key, JSON.stringify(config)),
    fetch,
    clock,
    logging: false,
    ...overrides,
  });
  return { config: anotherTab(), requests, clock, kept: () => load(key), anotherTab };
}

/** The same, with a page storage in place of the functions. */
function onPageStorage({ config }: ConfigUnderTest): TokenConfig {
  const { loadConfig: _load, saveConfig: _save, ...rest } = config;
  return { ...rest, storage: createPageStorage() };
}

function grantsOf(requests: readonly SentRequest[]): (string | null)[] {
  return requests.map(({ form }) => form.get("grant_type"));
}

const credentialsProvider = () => ({ username: "ann", password: "correct horse" });

describe("bitbucketAuth.getAccessToken(config) on two functions", () => {
  it("hands out a valid stored token before anything else, and sends nothing", async () => {
    const { config, requests } = configUnderTest(fresh, [tokens(2)], { credentialsProvider });
    expect(await getAccessToken(config)).toBe("access-1");
    expect(requests).toEqual([]);
  });

  it("redeems a refresh token before it asks for credentials, and saves the rotated one", async () => {
    const { config, requests, kept } = configUnderTest(expired, [tokens(2)], { credentialsProvider });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(requests.map(({ form }) => form.get("refresh_token"))).toEqual(["refresh-1"]);
    expect(kept()).toMatchObject({ accessToken: "access-2", refreshToken: "refresh-2", key });
  });

  it("redeems a refresh token that was written by hand", async () => {
    const { config, requests } = configUnderTest({ refreshToken: "refresh-1" });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
  });

  it("uses credentialsProvider before client credentials, and saves no password", async () => {
    const { config, requests, kept } = configUnderTest(undefined, [tokens(2)], { credentialsProvider });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(Object.fromEntries(requests[0]?.form ?? [])).toEqual({
      grant_type: "password",
      username: "ann",
      password: "correct horse",
    });
    expect(JSON.stringify(kept())).not.toContain("correct horse");
  });

  it("requests client credentials where there is nothing else, and keeps the token", async () => {
    const { config, requests, kept } = configUnderTest(undefined, [tokens(2, { refresh_token: undefined })]);
    expect(await getAccessToken(config)).toBe("access-2");
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
    expect(requests[0]?.headers.get("authorization")).toBe(`Basic ${btoa("consumer-key:consumer-secret")}`);
    expect(kept()).not.toHaveProperty("refreshToken");
  });

  it("treats both functions as one storage object", async () => {
    const { config, kept } = configUnderTest(expired);
    const { loadConfig = () => undefined, saveConfig = () => undefined, ...rest } = config;
    expect(await getAccessToken({ ...rest, storage: { loadConfig, saveConfig } })).toBe("access-2");
    expect(kept()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("requests new tokens whatever is stored with forceCredentials, and keeps the caller's own fields", async () => {
    const { config, requests, kept } = configUnderTest({ ...fresh, theme: "dark" }, [tokens(2)], {
      forceCredentials: true,
    });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
    expect(kept()).toMatchObject({ accessToken: "access-2", theme: "dark" });
  });

  it("gives useRefreshToken the refresh token and takes its no", async () => {
    const seen: string[] = [];
    const { config, requests } = configUnderTest(expired, [tokens(2)], {
      useRefreshToken: ({ refreshToken }) => {
        seen.push(refreshToken);
        return Promise.resolve(false);
      },
    });
    await getAccessToken(config);
    expect(seen).toEqual(["refresh-1"]);
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
  });

  it("reads what core saved, and core reads what it saved", async () => {
    const { config, anotherTab, clock, requests } = configUnderTest(undefined, [
      tokens(1),
      tokens(2),
      tokens(3),
    ]);
    expect(await getAccessTokenOfCore(config)).toBe("access-1");
    clock.advance(7_200_000);
    expect(await getAccessToken(config)).toBe("access-2");
    clock.advance(7_200_000);
    expect(await getAccessTokenOfCore(anotherTab())).toBe("access-3");
    expect(grantsOf(requests)).toEqual(["client_credentials", "refresh_token", "refresh_token"]);
  });

  it("does not undo a save of another tab that local storage shows late", async () => {
    const { config, anotherTab, clock, requests } = configUnderTest(expired, [tokens(2), tokens(3)]);
    const { loadConfig = () => undefined } = anotherTab();
    const stale = loadConfig({ key });
    const { credentialsProvider: _none, ...behind } = anotherTab();
    expect(await getAccessToken(config)).toBe("access-2");
    // This tab has the old content in its copy of local storage for another ten looks.
    let looks = 0;
    const late: TokenConfig = {
      ...behind,
      loadConfig: (request) => (looks++ < 10 ? stale : loadConfig(request)),
    };
    expect(await getAccessToken(late)).toBe("access-2");
    expect(requests).toHaveLength(1);
    clock.advance(7_200_000);
    expect(await getAccessToken(config)).toBe("access-3");
    expect(requests.map(({ form }) => form.get("refresh_token"))).toEqual(["refresh-1", "refresh-2"]);
  });

  it("gives up on another tab that never ends its save, typed and transient", async () => {
    const { config, requests } = configUnderTest(expired);
    void platform.locks.request(`bitbucket-auth write ${key}`, () => new Promise(() => undefined));
    const inNoTime = AbortSignal.abort(new DOMException("signal timed out", "TimeoutError"));
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(inNoTime);
    const error = await rejectionOf(getAccessToken(config));
    timeout.mockRestore();
    expect(error).toMatchObject({ code: "storage_failed", transient: true });
    expect(requests).toEqual([]);
  });
});

describe("bitbucketAuth.getAccessToken(config) on createPageStorage()", () => {
  it("keeps the token for the next call and the next tab", async () => {
    const stage = configUnderTest(undefined);
    expect(await getAccessToken(onPageStorage(stage))).toBe("access-2");
    expect(await getAccessToken(onPageStorage(stage))).toBe("access-2");
    expect(grantsOf(stage.requests)).toEqual(["client_credentials"]);
    expect(platform.local.size).toBe(0);
  });

  /** As the script bundle saved it before there was createPageStorage(). */
  const earlierEntry = {
    accessToken: "access-1",
    refreshToken: "refresh-1",
    expiresAt: now + 7_200_000,
    obtainedAt: now,
    tokenType: "bearer",
    key,
  };

  it("takes over what an earlier bundle left in local storage, once", async () => {
    const stage = configUnderTest(earlierEntry);
    expect(await getAccessToken(onPageStorage(stage))).toBe("access-1");
    expect(platform.local.size).toBe(0);
    stage.clock.advance(7_200_000);
    expect(await getAccessToken(onPageStorage(stage))).toBe("access-2");
    expect(stage.requests.map(({ form }) => form.get("refresh_token"))).toEqual(["refresh-1"]);
    // What an old tab writes now is older than what is kept.
    platform.local.set(key, JSON.stringify(earlierEntry));
    expect(await getAccessToken(onPageStorage(stage))).toBe("access-2");
  });

  it("takes over an entry with a note of a refused refresh, and tries the refresh token again", async () => {
    const failure = { code: "refresh_rejected", of: "efresh-1", count: 1, at: now, retryAt: now + 30_000 };
    const stage = configUnderTest({ ...earlierEntry, expiresAt: now - 1, failure });
    expect(await getAccessToken(onPageStorage(stage))).toBe("access-2");
    expect(grantsOf(stage.requests)).toEqual(["refresh_token"]);
  });

  it("deletes an entry of an earlier bundle with the grant", async () => {
    configUnderTest(earlierEntry);
    const storage = createPageStorage();
    expect(await storage.delete(key)).toBe(true);
    expect(platform.local.size).toBe(0);
    expect(await storage.get(key)).toBeNull();
  });

  it("ignores the text of another program under the grant's key, and leaves it", async () => {
    platform.local.set(key, "not JSON");
    expect(await createPageStorage().get(key)).toBeNull();
    expect(platform.local.get(key)).toBe("not JSON");
  });

  it.each([
    ["a config of another account", { ...fresh, key: "other" }],
    ["a config whose refresh token is a number", { refreshToken: 4 }],
  ])("refuses %s in local storage, and leaves it", async (_what, config) => {
    platform.local.set(key, JSON.stringify(config));
    expect(await rejectionOf(createPageStorage().get(key))).toMatchObject({
      code: "storage_failed",
      action: "fix_config",
    });
    expect(platform.local.get(key)).toBe(JSON.stringify(config));
  });
});

describe("bitbucketAuth.getAccessToken(config) without a storage", () => {
  it("keeps nothing from one call to the next", async () => {
    const { config, requests } = configUnderTest(undefined);
    const { loadConfig: _load, saveConfig: _save, ...rest } = config;
    expect([await getAccessToken(rest), await getAccessToken(rest)]).toEqual(["access-2", "access-2"]);
    expect(requests).toHaveLength(2);
    expect(platform.local.size).toBe(0);
  });

  it("refuses a refresh token whose successor nothing would keep, and sends nothing", async () => {
    const { config, requests } = configUnderTest(undefined, [tokens(2)], { refreshToken: "refresh-1" });
    const { loadConfig: _load, saveConfig: _save, ...rest } = config;
    expect(await rejectionOf(getAccessToken(rest))).toMatchObject({ code: "invalid_options" });
    expect(requests).toEqual([]);
  });
});

describe("bitbucketAuth.getAccessToken(config) by several callers at once", () => {
  it.each([
    ["refresh on functions", expired, (stage: ConfigUnderTest) => stage.config],
    ["request for client credentials on functions", undefined, (stage: ConfigUnderTest) => stage.config],
    ["refresh on a page storage", expired, onPageStorage],
    [
      "request for client credentials without a storage",
      undefined,
      ({ config: { loadConfig: _load, saveConfig: _save, ...rest } }: ConfigUnderTest): TokenConfig => rest,
    ],
  ])("sends one %s for 50 callers", async (_what, stored, configOf) => {
    const stage = configUnderTest(stored);
    const config = configOf(stage);
    const got = await Promise.all(Array.from({ length: 50 }, () => getAccessToken({ ...config })));
    expect(new Set(got)).toEqual(new Set(["access-2"]));
    expect(stage.requests).toHaveLength(1);
  });

  it.each([
    ["functions", (stage: ConfigUnderTest) => stage.anotherTab()],
    ["a page storage", onPageStorage],
  ])("sends one refresh for 8 tabs on %s", async (_what, configOf) => {
    const stage = configUnderTest(expired, [tokens(2), tokens(3)]);
    const got = await Promise.all(Array.from({ length: 8 }, () => getAccessToken(configOf(stage))));
    expect(new Set(got)).toEqual(new Set(["access-2"]));
    expect(stage.requests).toHaveLength(1);
  });

  it("keeps two apps and two consumers apart", async () => {
    const { config, requests } = configUnderTest(undefined, [tokens(1), tokens(2), tokens(3)]);
    const got = await Promise.all([
      getAccessToken(config),
      getAccessToken({ ...config, appName: "other" }),
      getAccessToken({ ...config, consumerKey: "other" }),
    ]);
    expect(new Set(got).size).toBe(3);
    expect(requests).toHaveLength(3);
  });
});

describe("bitbucketAuth.getAccessToken(config) with two refresh tokens at once, and no storage", () => {
  it("gives each caller the token of its own grant", async () => {
    const { config, requests } = configUnderTest(undefined, [tokens(1), tokens(2)]);
    const { loadConfig: _load, saveConfig: _save, ...rest } = config;
    const kept: unknown[] = [];
    const onUnpersisted: TokenConfig["onUnpersisted"] = (_account, saved) =>
      void kept.push(saved.refreshToken);
    const got = await Promise.all(
      ["of ann", "of ben"].map((refreshToken) => getAccessToken({ ...rest, refreshToken, onUnpersisted })),
    );
    expect(requests.map(({ form }) => form.get("refresh_token"))).toEqual(["of ann", "of ben"]);
    expect([got, kept]).toEqual([
      ["access-1", "access-2"],
      ["refresh-1", "refresh-2"],
    ]);
  });
});

describe("bitbucketAuth.getAccessToken(config) and its output", () => {
  it("shows no secret in a log or an error, whatever happens", async () => {
    const lines: unknown[] = [];
    const log = (...line: unknown[]): void => void lines.push(line);
    const logger = { debug: log, info: log, warn: log, error: log };
    const answers = [
      tokens(2),
      refusal("invalid_grant"),
      refusal("unauthorized_client"),
      new Error("refresh-1"),
    ];
    const extras: readonly TokenConfig[] = [
      {},
      { credentialsProvider },
      { saveConfig: () => Promise.reject(new Error("access-2")) },
      { storage: createMemoryStorage() },
    ];
    const given = answers.flatMap((answer) => extras.map((extra) => ({ answer, extra })));
    await Promise.all(
      given.map(({ answer, extra }) => {
        const options = { ...extra, timeoutMs: 100, logger, logging: true };
        const { config } = configUnderTest(expired, [answer], options);
        return getAccessToken(config).catch((error: unknown) => log(JSON.stringify(error), String(error)));
      }),
    );
    const printed = JSON.stringify(lines);
    expect(printed).toContain("refreshed");
    for (const secret of [
      "access-1",
      "refresh-1",
      "access-2",
      "refresh-2",
      "consumer-secret",
      "correct horse",
    ]) {
      expect(printed).not.toContain(secret);
      expect(printed).not.toContain(btoa(secret).replace(/=+$/, ""));
    }
  });
});
