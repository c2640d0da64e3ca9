import { describe, expect, it } from "vitest";
import {
  optionsFromConfig,
  storageFromConfig,
  type TokenConfig,
} from "../../src/config-functions/token-config.ts";
import type { ConfigFunctions } from "../../src/storage/config-storage.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";

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
  it("passes on what is given under our names, and no field for what is not", () => {
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
    expect(Object.keys(optionsFromConfig({}, storage)).toSorted()).toEqual(["refresh", "storage"]);
  });
});
