import type { ConfigFunctions } from "../../src/config/config-storage.ts";
import {
  getAccessToken,
  getTokens,
  type TokenConfig,
  optionsFromConfig,
  storageFromConfig,
} from "../../src/config/get-tokens.ts";
import { createBitbucketAuth } from "../../src/create-bitbucket-auth.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { serializeTokens } from "../../src/token-endpoint/response.ts";
import { rejectionOf } from "../promises.ts";
import {
  createConfigUnderTest,
  expired,
  fresh,
  grantsOf,
  now,
  refusal,
  tokens,
} from "./config-under-test.ts";
import { afterEach, describe, expect, it, vi } from "vitest";

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

  it("takes a refresh token that was written by hand", async () => {
    const { config, requests } = createConfigUnderTest({ refreshToken: "refresh-1" });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
  });

  it("begins with the refresh token of the config where nothing is stored, and saves its successor", async () => {
    const { config, requests, kept } = createConfigUnderTest(undefined, [tokens(2)], {
      refreshToken: "refresh-1",
    });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
    expect(requests[0]?.form.get("refresh_token")).toBe("refresh-1");
    expect(kept()).toMatchObject({ accessToken: "access-2", refreshToken: "refresh-2" });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(requests).toHaveLength(1);
  });

  it("takes what is stored before the refresh token of the config, which was rotated long ago", async () => {
    const { config, requests } = createConfigUnderTest(expired, [tokens(2)], { refreshToken: "refresh-0" });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(requests.map(({ form }) => form.get("refresh_token"))).toEqual(["refresh-1"]);
  });

  it("takes another refresh token of the config in place of a grant that is dead", async () => {
    const dead = refusal("invalid_grant");
    const { config, requests } = createConfigUnderTest(undefined, [dead, tokens(2)], {
      refreshToken: "refresh-1",
    });
    expect(await rejectionOf(getTokens(config))).toMatchObject({ code: "refresh_rejected" });
    expect(await rejectionOf(getTokens(config))).toMatchObject({ code: "refresh_rejected" });
    expect(requests).toHaveLength(1);
    expect(await getAccessToken({ ...config, refreshToken: "refresh-9" })).toBe("access-2");
    expect(requests[1]?.form.get("refresh_token")).toBe("refresh-9");
  });

  it("sends a refresh token of the config once, however many ask with it at the same time", async () => {
    const { config, requests } = createConfigUnderTest(undefined, [tokens(2)]);
    const { loadConfig: _load, saveConfig: _save, ...bare } = config;
    const asked = Array.from({ length: 20 }, () => getTokens({ ...bare, refreshToken: "refresh-1" }));
    const got = await Promise.all(asked);
    expect(new Set(got.map(({ refreshToken }) => refreshToken))).toEqual(new Set(["refresh-2"]));
    expect(requests).toHaveLength(1);
  });

  it("sends a refresh token of the config once also where it is stored, however many ask", async () => {
    const { config, requests, kept } = createConfigUnderTest(undefined, [tokens(2)], {
      refreshToken: "refresh-1",
    });
    const got = await Promise.all(Array.from({ length: 20 }, () => getAccessToken(config)));
    expect(new Set(got)).toEqual(new Set(["access-2"]));
    expect(requests).toHaveLength(1);
    expect(kept()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("begins again with the refresh token of the config after a sign-out", async () => {
    const storage = createMemoryStorage();
    const { config, requests } = createConfigUnderTest(undefined, [tokens(2), tokens(3)]);
    const { loadConfig: _load, saveConfig: _save, ...bare } = { ...config, storage };
    expect(await getAccessToken({ ...bare, refreshToken: "refresh-1" })).toBe("access-2");
    for await (const key of storage.list?.("") ?? []) await storage.delete(key);
    expect(await getAccessToken({ ...bare, refreshToken: "refresh-9" })).toBe("access-3");
    expect(requests.map(({ form }) => form.get("refresh_token"))).toEqual(["refresh-1", "refresh-9"]);
  });

  it("does not let getAccessToken() lose the successor of a refresh token", async () => {
    const { config, requests } = createConfigUnderTest(undefined, [tokens(2)]);
    const { loadConfig: _load, saveConfig: _save, ...bare } = config;
    expect(await rejectionOf(getAccessToken({ ...bare, refreshToken: "refresh-1" }))).toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining("getTokens()"),
    });
    expect(requests).toEqual([]);
    const kept: unknown[] = [];
    const onUnpersisted: TokenConfig["onUnpersisted"] = (account, { refreshToken }) =>
      kept.push([account, refreshToken]);
    expect(await getAccessToken({ ...bare, refreshToken: "refresh-1", onUnpersisted })).toBe("access-2");
    expect(kept).toEqual([["default", "refresh-2"]]);
  });

  it.each(["consumerkey", "refresh_token", "credentials", "account"])(
    "refuses the option %s by name, and sends nothing",
    async (name) => {
      const { config, requests } = createConfigUnderTest(fresh);
      for (const call of [getTokens, getAccessToken])
        expect(await rejectionOf(call({ ...config, [name]: "secret-value" }))).toMatchObject({
          code: "invalid_options",
          message: expect.stringMatching(new RegExp(`^(?!.*secret-value).*"${name}".*refreshToken`)),
        });
      expect(requests).toEqual([]);
    },
  );

  it("takes undefined for every option that is left out", async () => {
    const { config } = createConfigUnderTest(fresh);
    const names =
      "appName refreshToken storage forceCredentials useRefreshToken credentialsProvider sendRequest encryption endpoints timeoutMs logger onUnpersisted";
    const undefinedOnes = Object.fromEntries(names.split(" ").map((name) => [name, undefined]));
    expect(await getAccessToken({ ...undefinedOnes, ...config })).toBe("access-1");
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

  it.each(["client credentials", "the credentialsProvider"])(
    "keeps a grant that another process saves while new tokens are asked for by %s",
    async (way) => {
      const storage = createMemoryStorage();
      const { config } = createConfigUnderTest(undefined, [tokens(3)]);
      const { loadConfig: _load, saveConfig: _save, ...bare } = config;
      const elsewhere = createBitbucketAuth({
        clientId: "consumer-key",
        clientSecret: "consumer-secret",
        storage,
        clock: { now: () => now },
        logging: false,
      });
      const asked = getTokens({
        ...bare,
        storage,
        ...(way === "the credentialsProvider" && { credentialsProvider }),
        fetch: async () => {
          await elsewhere.saveTokens("default", { ...fresh, tokenType: "bearer" });
          return tokens(2);
        },
      });
      expect(serializeTokens(await asked)).toMatchObject(fresh);
      expect(await getAccessToken({ ...bare, storage })).toBe("access-1");
      await elsewhere.close();
    },
  );

  it("takes the place of a grant that another process saves meanwhile where forceCredentials says so", async () => {
    const storage = createMemoryStorage();
    const { config } = createConfigUnderTest(undefined);
    const { loadConfig: _load, saveConfig: _save, ...bare } = { ...config, storage };
    const fetch = async (): Promise<Response> => {
      await getTokens({ ...bare, refreshToken: "refresh-1", fetch: async () => tokens(1) });
      return tokens(2);
    };
    expect(await getAccessToken({ ...bare, fetch, forceCredentials: true })).toBe("access-2");
    expect(await getAccessToken(bare)).toBe("access-2");
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

  it("does not take client credentials in its place: without a provider the rejection stands", async () => {
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
    while (!isOver) {
      await vi.advanceTimersByTimeAsync(100);
      // Hashes take real time, in which no fake time may pass: one that was begun before is ready with this one.
      await crypto.subtle.digest("SHA-256", new Uint8Array(1));
    }
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

const functions = (): ConfigFunctions => ({ loadConfig: () => undefined, saveConfig: () => undefined });

describe("storageFromConfig()", () => {
  it("takes a storage as it is", () => {
    const storage = createMemoryStorage();
    expect(storageFromConfig({ storage })).toBe(storage);
  });

  it("makes one storage of one object with the two functions", () => {
    const storage = functions();
    expect(storageFromConfig({ storage })).toBe(storageFromConfig({ storage }));
    expect(storageFromConfig({ storage })).not.toBe(storageFromConfig({ storage: functions() }));
  });

  it("makes one storage of the same two functions, in whatever config they are", () => {
    const { loadConfig, saveConfig } = functions();
    const one = storageFromConfig({ loadConfig, saveConfig });
    expect(storageFromConfig({ appName: "other", loadConfig, saveConfig })).toBe(one);
    expect(storageFromConfig({ loadConfig: functions().loadConfig, saveConfig })).not.toBe(one);
    expect(storageFromConfig({ loadConfig, saveConfig: functions().saveConfig })).not.toBe(one);
  });

  it("calls the functions of a storage object on that object", async () => {
    const storage = {
      calls: 0,
      loadConfig(): undefined {
        this.calls++;
      },
      saveConfig(): void {
        this.calls++;
      },
    };
    await storageFromConfig({ storage }).get("ann");
    expect(storage.calls).toBe(1);
  });

  it.each(["loadConfig", "saveConfig"] as const)(
    "refuses %s alone, with which a grant would be lost",
    (name) => {
      expect(() => storageFromConfig({ [name]: functions()[name] })).toThrow(
        expect.objectContaining({ code: "invalid_options", message: expect.stringContaining("Give both") }),
      );
    },
  );

  it("keeps nothing beyond the call where there is nothing to keep it in", () => {
    expect(storageFromConfig({})).not.toBe(storageFromConfig({}));
    expect(storageFromConfig({}).caps.durable).toBe(false);
  });
});

describe("optionsFromConfig()", () => {
  it("passes on what is given under our names, and nothing for what is not", () => {
    const storage = createMemoryStorage();
    const config: TokenConfig = {
      consumerKey: "consumer-key",
      consumerSecret: "consumer-secret",
      encryption: "none",
      endpoints: { tokenUrl: "https://example.com/token" },
      fetch: globalThis.fetch,
      timeoutMs: 5,
      clock: { now: () => 1 },
      logger: {},
      logging: false,
      onUnpersisted: () => undefined,
    };
    const { consumerKey, consumerSecret, ...same } = config;
    expect(optionsFromConfig(config, storage)).toEqual({
      ...same,
      storage,
      clientId: consumerKey,
      clientSecret: consumerSecret,
      refresh: { eagerMs: 0, jitterMs: 0 },
    });
    const given = Object.entries(optionsFromConfig({}, storage)).filter(([, value]) => value !== undefined);
    expect(given.map(([name]) => name).toSorted()).toEqual(["refresh", "storage"]);
  });
});
