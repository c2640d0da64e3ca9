import { afterEach, describe, expect, it, vi } from "vitest";
import { getAccessToken, getTokens } from "../../src/config-functions/get-tokens.ts";
import type { TokenConfig } from "../../src/config-functions/token-config.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { serializeTokens } from "../../src/token-endpoint/token-set.ts";
import {
  createConfigUnderTest,
  expired,
  fresh,
  grantsOf,
  now,
  refusal,
  rejectionOf,
  tokens,
} from "./config-under-test.ts";

const credentialsProvider: NonNullable<TokenConfig["credentialsProvider"]> = () => ({
  username: "ann",
  password: "correct horse",
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("getTokens(config)", () => {
  it("takes a valid stored token before anything else, and sends nothing", async () => {
    const { config, requests } = createConfigUnderTest(fresh, [tokens(2)], { credentialsProvider });
    expect(serializeTokens(await getTokens(config))).toMatchObject(fresh);
    expect(requests).toEqual([]);
  });

  it("takes a refresh token before the credentials", async () => {
    const { config, requests, kept } = createConfigUnderTest(expired, [tokens(2)], { credentialsProvider });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
    expect(requests[0]?.form.get("refresh_token")).toBe("refresh-1");
    expect(kept()).toMatchObject({ accessToken: "access-2", refreshToken: "refresh-2" });
  });

  it("takes a refresh token that somebody wrote by hand", async () => {
    const { config, requests } = createConfigUnderTest({ refreshToken: "refresh-1" });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
  });

  it("takes the credentialsProvider before the client credentials", async () => {
    const { config, requests, kept } = createConfigUnderTest(undefined, [tokens(2)], { credentialsProvider });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(Object.fromEntries(requests[0]?.form ?? [])).toEqual({
      grant_type: "password",
      username: "ann",
      password: "correct horse",
    });
    expect(kept()).toMatchObject({ accessToken: "access-2", refreshToken: "refresh-2" });
    expect(JSON.stringify(kept())).not.toContain("correct horse");
  });

  it("takes client credentials where there is nothing else, and keeps what they brought", async () => {
    const { config, requests, kept } = createConfigUnderTest(undefined, [
      tokens(2, { refresh_token: undefined }),
    ]);
    expect(await getAccessToken(config)).toBe("access-2");
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
    expect(requests[0]?.headers.get("authorization")).toBe(`Basic ${btoa("consumer-key:consumer-secret")}`);
    expect(kept()).not.toHaveProperty("refreshToken");
  });

  it("asks again by client credentials for a stored token that has expired and cannot be refreshed", async () => {
    const { config, requests } = createConfigUnderTest({ accessToken: "access-1", expiresAt: now - 1 });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
  });

  it("answers a set whose expiry counts from the request", async () => {
    const { config } = createConfigUnderTest(undefined);
    expect(serializeTokens(await getTokens(config))).toEqual({
      accessToken: "access-2",
      refreshToken: "refresh-2",
      expiresAt: now + 7_200_000,
      scopes: ["account", "repository"],
      tokenType: "bearer",
    });
  });

  it.each([
    ["client_credentials", {}],
    ["password", { credentialsProvider }],
  ])("asks for new tokens whatever is stored when forceCredentials is set (%s)", async (grant, extra) => {
    const { config, requests, kept } = createConfigUnderTest(fresh, [tokens(2)], {
      forceCredentials: true,
      ...extra,
    });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual([grant]);
    expect(kept()).toMatchObject({ accessToken: "access-2" });
  });

  it("keeps the caller's own fields in the config", async () => {
    const { config, kept } = createConfigUnderTest({ ...expired, theme: "dark" });
    await getAccessToken(config);
    expect(kept()).toMatchObject({ theme: "dark", refreshToken: "refresh-2" });
  });

  it("leaves the config as it was when nothing was brought", async () => {
    const { config, kept } = createConfigUnderTest(undefined, [refusal("invalid_client", 401)]);
    expect(await rejectionOf(getTokens(config))).toMatchObject({ code: "token_request_rejected" });
    expect(kept()).toBeUndefined();
  });
});

describe("getTokens({ useRefreshToken })", () => {
  it("lets the caller see the refresh token, and say yes", async () => {
    const seen: unknown[] = [];
    const { config, requests } = createConfigUnderTest(expired, [tokens(2)], {
      appName: "my-app",
      useRefreshToken: (given) => {
        seen.push([given.refreshToken, given.appName]);
        return Promise.resolve(true);
      },
    });
    await getTokens(config);
    expect(seen).toEqual([["refresh-1", "my-app"]]);
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
  });

  it("lets the caller say no", async () => {
    const { config, requests } = createConfigUnderTest(expired, [tokens(2)], {
      useRefreshToken: () => false,
    });
    await getTokens(config);
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
  });

  it("does not ask while the stored token is good", async () => {
    const useRefreshToken = vi.fn<() => boolean>(() => true);
    const { config } = createConfigUnderTest(fresh, [tokens(2)], { useRefreshToken });
    await getTokens(config);
    expect(useRefreshToken).not.toHaveBeenCalled();
  });
});

describe("getTokens() when the grant is refused", () => {
  it("falls back on the credentialsProvider for a dead refresh token", async () => {
    const { config, requests } = createConfigUnderTest(expired, [refusal("invalid_grant"), tokens(2)], {
      credentialsProvider,
    });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["refresh_token", "password"]);
  });

  it("does not become somebody else for it: without a provider the rejection stands", async () => {
    const { config, requests } = createConfigUnderTest(expired, [refusal("invalid_grant"), tokens(2)]);
    expect(await rejectionOf(getTokens(config))).toMatchObject({
      code: "refresh_rejected",
      action: "reauthorize",
    });
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
  });

  it("says that Bitbucket dropped the password grant, and what to use", async () => {
    const { config } = createConfigUnderTest(undefined, [refusal("unsupported_grant_type")], {
      credentialsProvider,
    });
    const error = await rejectionOf(getTokens(config));
    expect(error).toMatchObject({ code: "token_request_rejected", action: "fix_config" });
    expect(String(error)).toContain("no longer supports the password grant");
    expect(String(error)).toContain("authorization code");
  });

  it("does not send a dead refresh token again within its cool-down", async () => {
    const { config, requests } = createConfigUnderTest(expired, [refusal("unauthorized_client")]);
    for (let i = 0; i < 20; i++) {
      expect(await rejectionOf(getTokens(config))).toMatchObject({ code: "refresh_rejected" });
    }
    expect(requests).toHaveLength(1);
  });
});

describe("getTokens() by several callers at once", () => {
  it("shares one refresh among callers with the same functions", async () => {
    const { config, requests } = createConfigUnderTest(expired);
    const got = await Promise.all(Array.from({ length: 50 }, () => getAccessToken({ ...config })));
    expect(new Set(got)).toEqual(new Set(["access-2"]));
    expect(requests).toHaveLength(1);
  });

  it("shares one request for new tokens as well", async () => {
    const { config, requests } = createConfigUnderTest(undefined);
    const got = await Promise.all(Array.from({ length: 50 }, () => getAccessToken({ ...config })));
    expect(new Set(got)).toEqual(new Set(["access-2"]));
    expect(requests).toHaveLength(1);
  });

  it("shares it among callers with the same storage object", async () => {
    const { config, requests, kept } = createConfigUnderTest(undefined);
    const { loadConfig: _load, saveConfig: _save, ...rest } = config;
    const storage = createMemoryStorage({ clock: { now: () => now } });
    await Promise.all(Array.from({ length: 50 }, () => getAccessToken({ ...rest, storage })));
    expect(requests).toHaveLength(1);
    expect(kept()).toBeUndefined();
  });

  it("never mixes two storages", async () => {
    const [ann, bob] = [
      createConfigUnderTest(undefined, [tokens(1)]),
      createConfigUnderTest(undefined, [tokens(2)]),
    ];
    const got = await Promise.all([ann, bob, ann, bob].map(({ config }) => getAccessToken(config)));
    expect(got).toEqual(["access-1", "access-2", "access-1", "access-2"]);
    expect([ann.kept(), bob.kept()]).toMatchObject([
      { accessToken: "access-1" },
      { accessToken: "access-2" },
    ]);
  });

  it("never mixes two consumers, nor two apps, in one storage", async () => {
    const storage = createMemoryStorage({ clock: { now: () => now } });
    const {
      loadConfig: _load,
      saveConfig: _save,
      ...one
    } = createConfigUnderTest(undefined, [tokens(1)]).config;
    const two = createConfigUnderTest(undefined, [tokens(2)]).config.fetch;
    const three = createConfigUnderTest(undefined, [tokens(3)]).config.fetch;
    if (!two || !three) throw new Error("both have one");
    const configs: TokenConfig[] = [
      { ...one, storage },
      { ...one, storage, consumerKey: "other-consumer", fetch: two },
      { ...one, storage, appName: "other-app", fetch: three },
    ];
    for (let round = 0; round < 2; round++) {
      expect(await Promise.all(configs.map(getAccessToken))).toEqual(["access-1", "access-2", "access-3"]);
    }
  });
});

describe("getTokens() when it is over", () => {
  it.each([
    ["a refresh", expired],
    ["new credentials", undefined],
  ])("has left no timer behind after %s", async (_what, stored) => {
    vi.useFakeTimers();
    const { config } = createConfigUnderTest(stored);
    await getAccessToken(config);
    const timers = vi.getTimerCount();
    vi.useRealTimers();
    expect(timers).toBe(0);
  });

  it("has handed out tokens that it could not save, and does not go on saving", async () => {
    let saves = 0;
    const unpersisted: unknown[] = [];
    const { config } = createConfigUnderTest(expired);
    vi.useFakeTimers();
    const getting = getTokens({
      ...config,
      saveConfig(next, request) {
        if (++saves > 1) throw new Error("disk full");
        return config.saveConfig?.(next, request);
      },
      onUnpersisted: (account, plain) => void unpersisted.push([account, plain.refreshToken]),
    });
    // Closing tries a few times more, a moment apart.
    let isOver = false;
    void getting.then(() => (isOver = true));
    while (!isOver) await vi.advanceTimersByTimeAsync(100);
    const got = await getting;
    const savesWhenOver = saves;
    await vi.advanceTimersByTimeAsync(600_000);
    vi.useRealTimers();
    expect([got.accessToken, got.refreshToken]).toEqual(["access-2", undefined]);
    expect(unpersisted).toEqual([["default", "refresh-2"]]);
    expect(saves).toBe(savesWhenOver);
  });

  it("has answered the new token also where saveConfig keeps nothing", async () => {
    const { config, requests } = createConfigUnderTest(expired, [tokens(2)], { saveConfig: () => undefined });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(requests).toHaveLength(1);
  });

  it("has sent a dead token once where saveConfig keeps nothing", async () => {
    const { config, requests } = createConfigUnderTest(expired, [refusal("unauthorized_client")], {
      saveConfig: () => undefined,
    });
    expect(await rejectionOf(getAccessToken(config))).toMatchObject({ code: "refresh_rejected" });
    expect(requests).toHaveLength(1);
  });
});

describe("getTokens() and secrets", () => {
  it("finds the consumer in the environment by the old names", async () => {
    vi.stubEnv("BITBUCKET_CLIENT_ID", undefined);
    vi.stubEnv("BITBUCKET_CLIENT_SECRET", undefined);
    vi.stubEnv("bitbucketKey", "key-of-environment");
    vi.stubEnv("bitbucketSecret", "secret-of-environment");
    const { config, requests } = createConfigUnderTest(undefined);
    const { consumerKey: _key, consumerSecret: _secret, ...rest } = config;
    await getTokens(rest);
    expect(requests[0]?.headers.get("authorization")).toBe(
      `Basic ${btoa("key-of-environment:secret-of-environment")}`,
    );
  });

  it("prints no secret with logging: true, whatever happens", async () => {
    const lines: unknown[][] = [];
    for (const level of ["debug", "info", "log", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((...line: unknown[]) => void lines.push(line));
    }
    const answers = [
      tokens(2),
      refusal("invalid_grant"),
      refusal("unauthorized_client"),
      new Error("refresh-1"),
    ];
    for (const answer of answers) {
      for (const stored of [expired, undefined]) {
        for (const extra of [{}, { credentialsProvider }]) {
          const { config } = createConfigUnderTest(stored, [answer], { ...extra, logging: true });
          await getTokens(config).catch((error: unknown) =>
            lines.push([JSON.stringify(error), String(error)]),
          );
        }
      }
    }
    expect(lines.some(([line]) => String(line).startsWith("bitbucket-auth: refreshed"))).toBe(true);
    const printed = JSON.stringify(lines);
    const secrets = ["access-1", "refresh-1", "access-2", "refresh-2", "consumer-secret", "correct horse"];
    for (const secret of [...secrets, ...secrets.map((text) => btoa(text).replace(/=+$/, ""))]) {
      expect(printed).not.toContain(secret);
    }
  });

  it("saves the sealed form when encryption is given, and reads it back", async () => {
    const { config, requests, kept } = createConfigUnderTest(undefined, [tokens(2)], {
      encryption: { current: "k1", keys: { k1: new Uint8Array(32).fill(1) } },
    });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(await getAccessToken(config)).toBe("access-2");
    expect(JSON.stringify(kept())).not.toMatch(/access-2|refresh-2/);
    expect(requests).toHaveLength(1);
  });
});
