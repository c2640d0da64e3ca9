import { configStorage, type StoredConfig } from "../../src/config/config-storage.ts";
import { getAccessToken, getTokens } from "../../src/config/get-tokens.ts";
import { createBitbucketAuth } from "../../src/create-bitbucket-auth.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { deferred, rejectionOf, turn, until } from "../promises.ts";
import { createConfigUnderTest, expired, fresh, now, refusal, tokens } from "./config-under-test.ts";
import { describe, expect, it } from "vitest";

const encryption = { current: "k1", keys: { k1: new Uint8Array(32).fill(1) } };

describe("getTokens() with functions written anew for each call", () => {
  it.each([
    ["in clear", undefined],
    ["sealed", encryption],
  ])("sends the refresh token of one config that is kept %s once", async (_how, given) => {
    const answered = deferred();
    const { config, requests, kept } = createConfigUnderTest(expired, [
      async () => {
        await answered.promise;
        return tokens(2);
      },
    ]);
    const migrating = given && { ...given, migratePlaintext: true };
    let loads = 0;
    const call = (): Promise<string> =>
      getAccessToken({
        ...config,
        loadConfig(request) {
          loads++;
          return config.loadConfig?.(request);
        },
        saveConfig: (saved, request) => config.saveConfig?.(saved, request),
        encryption: migrating,
      });
    const first = call();
    await until(() => requests.length === 1);
    loads = 0;
    const second = call();
    // Two looks, one before the lease: whoever looks once more has not got it.
    await until(() => loads > 4 || requests.length > 1);
    answered.resolve();
    expect(await Promise.all([first, second])).toEqual(["access-2", "access-2"]);
    expect(requests).toHaveLength(1);
    expect(typeof kept()?.["sealed"]).toBe(given ? "string" : "undefined");
  });

  it("keeps the successor of the config's refresh token, however late another call saves that", async () => {
    const saved = deferred();
    const { config, requests, kept } = createConfigUnderTest(undefined, [tokens(2)], {
      refreshToken: "refresh-1",
    });
    const save = (next: StoredConfig): unknown => config.saveConfig?.(next, { key: "any" });
    let isLoading = false;
    const slow = getAccessToken({
      ...config,
      loadConfig: () => kept(),
      async saveConfig(next) {
        await saved.promise;
        save(next);
      },
    });
    const quick = getAccessToken({
      ...config,
      loadConfig() {
        isLoading = true;
        return kept();
      },
      saveConfig: save,
    });
    // It begins at once or waits for the other.
    await turn();
    if (isLoading) await quick;
    saved.resolve();
    expect(await Promise.all([slow, quick])).toEqual(["access-2", "access-2"]);
    expect(requests).toHaveLength(1);
    expect(kept()).toMatchObject({ refreshToken: "refresh-2" });
  });
});

describe("getTokens() that asks for new tokens", () => {
  it("rejects where another grant has come meanwhile and cannot be read, and leaves it", async () => {
    const memory = createMemoryStorage();
    let isDown = false;
    const storage = {
      ...memory,
      get: async (key: string) => {
        if (isDown) throw new Error("connection reset");
        return memory.get(key);
      },
    };
    const { config } = createConfigUnderTest(undefined);
    const { loadConfig: _load, saveConfig: _save, ...bare } = config;
    const elsewhere = createBitbucketAuth({
      clientId: "consumer-key",
      clientSecret: "consumer-secret",
      storage: memory,
      clock: { now: () => now },
      logging: false,
    });
    const asked = getTokens({
      ...bare,
      storage,
      fetch: async () => {
        await elsewhere.saveTokens("default", { ...fresh, tokenType: "bearer" });
        isDown = true;
        return tokens(2);
      },
    });
    expect(await rejectionOf(asked)).toMatchObject({ code: "storage_failed" });
    isDown = false;
    expect(await getAccessToken({ ...bare, storage })).toBe("access-1");
    await elsewhere.close();
  });
});

describe("createBitbucketAuth() on a config that was written by hand, asked without an account", () => {
  it("refreshes the grant in it and does not replace it by a token of the consumer", async () => {
    const { config, requests, kept } = createConfigUnderTest({ refreshToken: "refresh-1" });
    const { loadConfig = () => undefined, saveConfig = () => undefined, fetch } = config;
    const auth = createBitbucketAuth({
      clientId: "consumer-key",
      clientSecret: "consumer-secret",
      storage: configStorage({ loadConfig, saveConfig }),
      fetch,
      logging: false,
    });
    expect(await auth.getAccessToken()).toBe("access-2");
    expect(requests.map(({ form }) => form.get("refresh_token"))).toEqual(["refresh-1"]);
    expect(kept()).toMatchObject({ refreshToken: "refresh-2" });
    await auth.close();
  });
});

describe("getTokens() with a refresh token that is dead", () => {
  it("sends it once where processes seal with different current keys", async () => {
    const storage = createMemoryStorage();
    const { config, requests } = createConfigUnderTest(undefined, [refusal("invalid_grant")], {
      refreshToken: "refresh-1",
    });
    const { loadConfig: _load, saveConfig: _save, ...bare } = config;
    const { keys } = encryption;
    const rotated = { current: "k2", keys: { ...keys, k2: new Uint8Array(32).fill(2) } };
    for (const current of ["k1", "k2", "k1"]) {
      const call = getTokens({ ...bare, storage, encryption: { ...rotated, current } });
      expect(await rejectionOf(call)).toMatchObject({ code: "refresh_rejected" });
    }
    expect(requests).toHaveLength(1);
  });
});
