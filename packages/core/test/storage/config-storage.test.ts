import { configStorage, type ConfigFunctions, type StoredConfig } from "../../src/config/config-storage.ts";
import { StorageError } from "../../src/errors.ts";
import { createRecordCipher, plaintextCipher, type RecordCipher } from "../../src/storage/encryption.ts";
import { createRecordStore, type RecordStore } from "../../src/storage/record-store.ts";
import { fullRecord } from "./sample-record.ts";
import { describe, expect, it } from "vitest";
import { rejectionOf } from "../promises.ts";

const sealing = createRecordCipher({ current: "k1", keys: { k1: new Uint8Array(32).fill(1) } });

interface Kept extends ConfigFunctions {
  config: unknown;
  readonly saved: StoredConfig[];
}

/** Two functions as a program has them: the config goes through JSON, into a file say. */
function keptConfig(config?: unknown): Kept {
  const kept: Kept = {
    config,
    saved: [],
    loadConfig: () => (kept.config === undefined ? undefined : JSON.parse(JSON.stringify(kept.config))),
    saveConfig: (saved) => {
      kept.saved.push(saved);
      kept.config = JSON.parse(JSON.stringify(saved));
    },
  };
  return kept;
}

function storeOf(functions: ConfigFunctions, cipher: RecordCipher = plaintextCipher): RecordStore {
  return createRecordStore(configStorage(functions), cipher);
}

describe("configStorage()", () => {
  it("saves an object that loadConfig gives back, refreshToken in it", async () => {
    const kept = keptConfig();
    const store = storeOf(kept);
    await store.replace("ann", null, fullRecord());
    expect(kept.config).toMatchObject({ key: "ann", refreshToken: "refresh-1", accessToken: "access-1" });
    expect((await storeOf(kept).read("ann"))?.record).toEqual(fullRecord());
  });

  it.each([undefined, null, {}, { theme: "dark" }])("finds no record in %j", async (config) => {
    expect(await storeOf(keptConfig(config)).read("ann")).toBeNull();
  });

  it("tells the functions which grant is meant", async () => {
    const asked: unknown[] = [];
    const store = storeOf({
      loadConfig: (request) => void asked.push(request),
      saveConfig: (_config, request) => void asked.push(request),
    });
    await store.replace("ann", null, fullRecord());
    expect(asked).toEqual([{ key: "ann" }, { key: "ann" }]);
  });

  it("adopts a refresh token that was written by hand, with a token that has expired", async () => {
    const stored = await storeOf(keptConfig({ refreshToken: "refresh-1" })).read("ann");
    expect(stored?.record).toMatchObject({
      refreshToken: "refresh-1",
      accessToken: "",
      accessExpiresAt: 0,
      status: "active",
    });
  });

  it("adopts an access token with its expiry", async () => {
    const config = { accessToken: "access-1", expiresAt: 1_800_000_000_000 };
    const stored = await storeOf(keptConfig(config)).read("ann");
    expect(stored?.record).toMatchObject({ accessToken: "access-1", accessExpiresAt: 1_800_000_000_000 });
    expect(stored?.record.refreshToken).toBeUndefined();
  });

  it("does not take a version of the caller's own for one of its own", async () => {
    const stored = await storeOf(keptConfig({ version: "1.0.0", refreshToken: "refresh-1" })).read("ann");
    expect(stored?.record.refreshToken).toBe("refresh-1");
  });

  it("replaces what was written by hand, once", async () => {
    const kept = keptConfig({ refreshToken: "refresh-0", expiresAt: 5 });
    const store = storeOf(kept);
    const seen = await store.read("ann");
    expect(await store.replace("ann", seen?.version ?? null, fullRecord())).toMatchObject({ ok: true });
    expect(await store.replace("ann", seen?.version ?? null, fullRecord())).toMatchObject({ ok: false });
    expect(kept.config).toMatchObject({ refreshToken: "refresh-1" });
    expect(kept.config).not.toHaveProperty("expiresAt");
  });

  it("keeps the caller's own fields, and mixes none into the record", async () => {
    const kept = keptConfig({ refreshToken: "refresh-0", theme: "dark", nested: { a: [1] } });
    const store = storeOf(kept);
    const seen = await store.read("ann");
    await store.replace("ann", seen?.version ?? null, fullRecord());
    expect(kept.config).toMatchObject({ theme: "dark", nested: { a: [1] } });
    expect((await store.read("ann"))?.record).toEqual(fullRecord());
    await store.remove("ann");
    expect(kept.config).toMatchObject({ theme: "dark", signedOut: true });
  });

  it("lets no field of an older record survive in a newer one", async () => {
    const kept = keptConfig();
    const store = storeOf(kept);
    const first = await store.replace("ann", null, fullRecord());
    const { pending: _pending, failure: _failure, scope: _scope, issuedAt: _at, ...newer } = fullRecord();
    await store.replace("ann", first.ok ? first.version : null, newer);
    expect((await store.read("ann"))?.record).toStrictEqual(newer);
    for (const field of ["pending", "failure", "scope", "issuedAt"]) {
      expect(kept.config).not.toHaveProperty(field);
    }
  });

  it("knows every field of a record as its own", async () => {
    const kept = keptConfig();
    const store = storeOf(kept);
    await store.replace("ann", null, fullRecord());
    await store.remove("ann");
    expect(Object.keys(kept.config as object).toSorted()).toEqual(["key", "signedOut", "version"]);
  });

  it("does not change the object that loadConfig gave", async () => {
    const config = Object.freeze({ refreshToken: "refresh-0", theme: "dark" });
    const saved: StoredConfig[] = [];
    const store = storeOf({ loadConfig: () => config, saveConfig: (next) => void saved.push(next) });
    const seen = await store.read("ann");
    await store.replace("ann", seen?.version ?? null, fullRecord());
    expect(config).toEqual({ refreshToken: "refresh-0", theme: "dark" });
    expect(saved).toHaveLength(1);
  });

  it("saves the sealed form when there is a key, and no token in it", async () => {
    const kept = keptConfig({ theme: "dark" });
    const store = storeOf(kept, sealing);
    await store.replace("ann", null, fullRecord());
    expect(kept.config).toMatchObject({ sealed: expect.stringMatching(/^bb1\.k1\./), theme: "dark" });
    expect(JSON.stringify(kept.saved)).not.toMatch(/access-1|refresh-1/);
    expect((await storeOf(kept, sealing).read("ann"))?.record).toEqual(fullRecord());
  });

  it("seals what was saved in clear when it is told to migrate, and leaves no clear field behind", async () => {
    const kept = keptConfig();
    await storeOf(kept).replace("ann", null, fullRecord());
    const migrating = createRecordCipher({
      current: "k1",
      keys: { k1: new Uint8Array(32).fill(1) },
      migratePlaintext: true,
    });
    const store = storeOf(kept, migrating);
    const seen = await store.read("ann");
    await store.replace("ann", seen?.version ?? null, fullRecord());
    expect(JSON.stringify(kept.config)).not.toMatch(/access-1|refresh-1/);
  });

  it("refuses the config of another account and saves nothing over it", async () => {
    const kept = keptConfig();
    await storeOf(kept).replace("ann", null, fullRecord());
    const before = JSON.stringify(kept.config);
    const store = storeOf(kept);
    for (const call of [store.read("bob"), store.replace("bob", null, fullRecord()), store.remove("bob")]) {
      expect(await rejectionOf(call)).toMatchObject({ code: "storage_failed", action: "fix_config" });
    }
    expect(JSON.stringify(kept.config)).toBe(before);
  });

  it.each([
    "a string",
    42,
    [1],
    { version: 5, key: "ann" },
    { refreshToken: "" },
    { refreshToken: 5 },
    { expiresAt: "soon" },
  ])("refuses the config %j, typed", async (config) => {
    const kept = keptConfig(config);
    expect(await rejectionOf(storeOf(kept).read("ann"))).toMatchObject({
      code: "storage_failed",
      action: "fix_config",
    });
    expect(kept.saved).toEqual([]);
  });

  it("lets two writers of one process go one after the other, and one of them win", async () => {
    const order: string[] = [];
    const kept = keptConfig();
    const storage = configStorage({
      async loadConfig(request) {
        order.push("load");
        await Promise.resolve();
        return kept.loadConfig(request);
      },
      async saveConfig(config, request) {
        order.push("save");
        await Promise.resolve();
        kept.saveConfig(config, request);
        order.push("saved");
      },
    });
    const write = (version: string): ReturnType<typeof storage.compareAndSwap> =>
      storage.compareAndSwap("ann", null, new TextEncoder().encode(`{"n":"${version}"}`), { version });
    expect(await Promise.all([write("v1"), write("v2")])).toEqual([
      { ok: true },
      { ok: false, current: "v1" },
    ]);
    expect(kept.config).toMatchObject({ n: "v1", version: "v1" });
    expect(order).toEqual(["load", "save", "saved", "load"]);
  });

  it("goes on with the next write after one that failed", async () => {
    const kept = keptConfig();
    let failures = 2;
    const store = storeOf({
      ...kept,
      loadConfig: kept.loadConfig,
      saveConfig(config, request) {
        if (failures-- > 0) throw new Error("disk full");
        kept.saveConfig(config, request);
      },
    });
    const [first, second] = await Promise.allSettled([
      store.replace("ann", null, fullRecord()),
      store.replace("ann", null, fullRecord()),
    ]);
    expect([first.status, second.status]).toContain("fulfilled");
    expect(kept.saved).toHaveLength(1);
  });

  it("answers ok to a write that already happened, without saving again", async () => {
    const kept = keptConfig();
    const storage = configStorage(kept);
    const bytes = new TextEncoder().encode("{}");
    await storage.compareAndSwap("ann", null, bytes, { version: "v1" });
    expect(await storage.compareAndSwap("ann", null, bytes, { version: "v1" })).toEqual({ ok: true });
    expect(kept.saved).toHaveLength(1);
  });

  it("leaves a tombstone that a write in flight loses against", async () => {
    const kept = keptConfig();
    const store = storeOf(kept);
    const written = await store.replace("ann", null, fullRecord());
    expect(await store.remove("ann")).toBe(true);
    expect(await store.replace("ann", written.ok ? written.version : null, fullRecord())).toMatchObject({
      ok: false,
      deleted: true,
    });
    expect(await store.read("ann")).toBeNull();
    expect(await store.remove("ann")).toBe(false);
    expect(JSON.stringify(kept.config)).not.toMatch(/access-1|refresh-1/);
  });

  it.each(["throws", "rejects"])("says which function failed when saveConfig %s", async (how) => {
    const kept = keptConfig();
    await storeOf(kept).replace("ann", null, fullRecord());
    const before = JSON.stringify(kept.config);
    const failing = (): Promise<never> => {
      const error = new RangeError("cannot write refresh-1");
      if (how === "throws") throw error;
      return Promise.reject(error);
    };
    const storage = configStorage({ loadConfig: kept.loadConfig, saveConfig: failing });
    const seen = await storage.get("ann");
    const bytes = new TextEncoder().encode("{}");
    const error = await rejectionOf(
      storage.compareAndSwap("ann", seen?.version ?? null, bytes, { version: "v2" }),
    );
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).toContain("saveConfig failed (RangeError)");
    expect(JSON.stringify([error, String(error)])).not.toContain("refresh-1");
    expect(JSON.stringify(kept.config)).toBe(before);
  });

  it("says which function failed when loadConfig does", async () => {
    const storage = configStorage({
      loadConfig: () => {
        throw new Error("no such table");
      },
      saveConfig: () => undefined,
    });
    expect(String(await rejectionOf(storage.get("ann")))).toContain("loadConfig failed (Error)");
  });

  it.each(["sync", "async"])("takes %s functions", async (kind) => {
    let config: unknown;
    const wrap = <T>(value: T): T | Promise<T> => (kind === "async" ? Promise.resolve(value) : value);
    const store = storeOf({
      loadConfig: () => wrap(config),
      saveConfig: (next) => wrap(void (config = next)),
    });
    await store.replace("ann", null, fullRecord());
    expect((await store.read("ann"))?.record).toEqual(fullRecord());
  });

  it("calls the methods of a storage object on that object", async () => {
    class Row implements ConfigFunctions {
      #config: unknown;
      loadConfig(): unknown {
        return this.#config;
      }
      saveConfig(config: StoredConfig): void {
        this.#config = config;
      }
    }
    const store = storeOf(new Row());
    await store.replace("ann", null, fullRecord());
    expect((await store.read("ann"))?.record).toEqual(fullRecord());
  });

  it("excludes the callers of one storage object by its lease", async () => {
    const storage = configStorage(keptConfig());
    const lease = await storage.tryLease("ann", { owner: "a", ttlMs: 10_000 });
    expect(await storage.tryLease("ann", { owner: "b", ttlMs: 10_000 })).toBeNull();
    await lease?.release();
    expect(await storage.tryLease("ann", { owner: "b", ttlMs: 10_000 })).not.toBeNull();
  });

  it("close() does not repeat the error of a write that failed: its writer has had it", async () => {
    const storage = configStorage({
      loadConfig: () => undefined,
      saveConfig: () => Promise.reject(new Error("disk full")),
    });
    const written = storage.compareAndSwap("ann", null, new TextEncoder().encode("{}"), { version: "v1" });
    expect(await rejectionOf(written)).toBeInstanceOf(StorageError);
    await expect(storage.close()).resolves.toBeUndefined();
  });

  it("waits on close for the write under way", async () => {
    const kept = keptConfig();
    const storage = configStorage({
      loadConfig: kept.loadConfig,
      saveConfig: async (config, request) => {
        await Promise.resolve();
        kept.saveConfig(config, request);
      },
    });
    void storage.compareAndSwap("ann", null, new TextEncoder().encode("{}"), { version: "v1" });
    await storage.close();
    expect(kept.saved).toHaveLength(1);
  });
});

describe("a config storage", () => {
  it("says what it can do: one process, kept, and nothing to watch or to list", () => {
    const { caps } = configStorage(keptConfig());
    expect(caps).toEqual({ lease: "process", watch: false, list: false, durable: true, plaintext: true });
  });

  it("answers that a deletion happened when the same one is repeated, and saves nothing again", async () => {
    const kept = keptConfig();
    await storeOf(kept).replace("ann", null, fullRecord());
    const storage = configStorage(kept);
    expect(await storage.delete("ann", { version: "gone" })).toBe(true);
    const saves = kept.saved.length;
    expect(await storage.delete("ann", { version: "gone" })).toBe(true);
    expect(kept.saved).toHaveLength(saves);
  });

  it("does not call a config that never was a deleted one", async () => {
    const storage = configStorage(keptConfig());
    const bytes = new TextEncoder().encode("{}");
    expect(await storage.compareAndSwap("ann", "v1", bytes, { version: "v2" })).toEqual({
      ok: false,
      current: null,
    });
  });

  it("lets an error of ours through that a function throws on purpose", async () => {
    const failure = new StorageError("The settings are read-only.", { action: "fix_config" });
    const storage = configStorage({ ...keptConfig(), loadConfig: () => Promise.reject(failure) });
    expect(await rejectionOf(storage.get("ann"))).toBe(failure);
  });

  it.each([
    [42, "loadConfig did not give back an object that saveConfig was given."],
    [{ version: 5, key: "ann" }, "loadConfig did not give back an object that saveConfig was given."],
    [{ expiresAt: "soon" }, "accessToken, refreshToken or expiresAt cannot be read."],
    [
      { key: "bob", version: "v1" },
      "loadConfig gave the config of another account. Keep one config per `key`",
    ],
  ])("says what is wrong with the config %j", async (config, words) => {
    expect(String(await rejectionOf(configStorage(keptConfig(config)).get("ann")))).toContain(words);
  });

  it("gives what was written by hand a version of its own, so that one writer replaces it", async () => {
    const storage = configStorage(keptConfig({ refreshToken: "refresh-1" }));
    expect((await storage.get("ann"))?.version).toMatch(/^hand-written [\w-]{22}$/);
  });
});
