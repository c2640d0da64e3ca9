import { RecordUnreadableError, StorageError } from "../../src/errors.ts";
import { createRecordCipher, plaintextCipher } from "../../src/storage/encryption.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { createRecordStore } from "../../src/storage/record-store.ts";
import { fullRecord } from "./sample-record.ts";
import { createScriptedStorage } from "./scripted-storage.ts";
import { describe, expect, it, vi } from "vitest";
import { rejectionOf } from "../promises.ts";

const day = 24 * 3_600_000;
const sealing = createRecordCipher({ current: "k1", keys: { k1: new Uint8Array(32).fill(1) } });

/** As a client library would throw it: the command that failed is in the message, and the connection is the cause. */
function leakyError(): Error {
  return Object.assign(new RangeError("SET ann access-1 refresh-1 failed", { cause: "redis://:pw@host" }), {
    command: ["SET", "ann", "access-1"],
  });
}

describe("createRecordStore()", () => {
  it("reads back what it wrote, with the version of the write", async () => {
    const store = createRecordStore(createMemoryStorage(), sealing);
    const written = await store.replace("ann", null, fullRecord());
    const stored = await store.read("ann");
    expect(stored?.record).toEqual(fullRecord());
    expect(written).toEqual({ ok: true, version: stored?.version });
  });

  it("fingerprints a refresh token that was written by hand", async () => {
    const store = createRecordStore(createMemoryStorage(), sealing);
    await store.replace("ann", null, fullRecord({ refreshFp: undefined }));
    const refreshFp = await sealing.fingerprint("refresh-1");
    expect((await store.read("ann"))?.record).toEqual(fullRecord({ refreshFp }));
  });

  it("finds nothing where nothing was written, and nothing after a removal", async () => {
    const store = createRecordStore(createMemoryStorage(), plaintextCipher);
    expect(await store.read("ann")).toBeNull();
    await store.replace("ann", null, fullRecord());
    expect(await store.remove("ann")).toBe(true);
    expect(await store.read("ann")).toBeNull();
    expect(await store.remove("ann")).toBe(false);
  });

  it("mints another version for every write", async () => {
    const store = createRecordStore(createMemoryStorage(), plaintextCipher);
    const first = await store.replace("ann", null, fullRecord());
    const second = await store.replace("bob", null, fullRecord());
    expect(first).not.toEqual(second);
  });

  it("hands the storage sealed bytes and nothing else of the record", async () => {
    const { storage, calls } = createScriptedStorage();
    await createRecordStore(storage, sealing).replace("ann", null, fullRecord());
    const bytes = calls.compareAndSwap[0]?.[2];
    // By its tag: under jsdom it is of Node's realm.
    expect(Object.prototype.toString.call(bytes)).toBe("[object Uint8Array]");
    expect(new TextDecoder().decode(bytes as Uint8Array)).toMatch(/^bb1\.k1\./);
    expect(JSON.stringify(calls.compareAndSwap)).not.toMatch(/access-1|refresh-1/);
  });

  it("lets the storage forget a record a week after its refresh token must be dead", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 5_000 });
    const { storage, calls } = createScriptedStorage();
    const store = createRecordStore(storage, plaintextCipher);
    // Dated years away from this machine's clock, as a program's own clock may be.
    const record = { ...fullRecord(), obtainedAt: 100, accessExpiresAt: 200, refreshExpiresAt: 1_100 };
    await store.replace("ann", null, record);
    await store.replace("bob", null, { ...record, refreshToken: undefined, refreshExpiresAt: undefined });
    vi.useRealTimers();
    const expireAts = calls.compareAndSwap.map(([, , , options]) => options);
    expect(expireAts).toMatchObject([
      { expireAt: 5_000 + 1_000 + 7 * day },
      { expireAt: 5_000 + 100 + 7 * day },
    ]);
  });

  it("passes a conflict on, and says when it is with a tombstone", async () => {
    const store = createRecordStore(createMemoryStorage(), plaintextCipher);
    const first = await store.replace("ann", null, fullRecord());
    const version = first.ok ? first.version : "";
    const conflict = { ok: false, current: version, repeated: false };
    expect(await store.replace("ann", null, fullRecord())).toEqual(conflict);
    await store.remove("ann");
    expect(await store.replace("ann", version, fullRecord())).toMatchObject({ ok: false, deleted: true });
  });

  it("settles a write whose answer was lost by the same write once more", async () => {
    const { storage, calls, script } = createScriptedStorage();
    script("compareAndSwap", { after: new Error("timeout") });
    const store = createRecordStore(storage, plaintextCipher);
    const written = await store.replace("ann", null, fullRecord());
    expect(written.ok).toBe(true);
    expect(calls.compareAndSwap).toHaveLength(2);
    expect(calls.compareAndSwap[1]).toEqual(calls.compareAndSwap[0]);
    expect((await store.read("ann"))?.record).toEqual(fullRecord());
  });

  it("settles a removal whose answer was lost the same way", async () => {
    const { storage, calls, script } = createScriptedStorage();
    const store = createRecordStore(storage, plaintextCipher);
    await store.replace("ann", null, fullRecord());
    script("delete", { after: new Error("timeout") });
    await store.remove("ann");
    expect(calls.delete).toHaveLength(2);
    expect(calls.delete[1]).toEqual(calls.delete[0]);
    expect(await store.read("ann")).toBeNull();
  });

  it("repeats a write once and no more", async () => {
    const { storage, calls, script } = createScriptedStorage();
    script("compareAndSwap", { before: new Error("down") }, { before: new Error("down") });
    const error = await rejectionOf(
      createRecordStore(storage, plaintextCipher).replace("ann", null, fullRecord()),
    );
    expect(error).toBeInstanceOf(StorageError);
    expect(calls.compareAndSwap).toHaveLength(2);
  });

  it.each([
    ["read", "get"],
    ["replace", "compareAndSwap"],
    ["remove", "delete"],
    ["tryLease", "tryLease"],
  ] as const)("takes a foreign error's name and nothing else of it (%s)", async (call, method) => {
    const { storage, script } = createScriptedStorage();
    script(method, { before: leakyError() }, { before: leakyError() });
    const store = createRecordStore(storage, plaintextCipher);
    const calls = {
      read: () => store.read("ann"),
      replace: () => store.replace("ann", null, fullRecord()),
      remove: () => store.remove("ann"),
      tryLease: () => store.tryLease("ann", "me", 1_000),
    };
    const error = await rejectionOf(calls[call]());
    expect(error).toMatchObject({ code: "storage_failed", transient: true, action: "retry" });
    expect(error).not.toHaveProperty("cause");
    expect(String(error)).toContain("RangeError");
    const shown = JSON.stringify([error, String(error), error instanceof Error ? error.stack : ""]);
    expect(shown).not.toMatch(/access-1|refresh-1|redis:/);
  });

  it("takes a thrown value that is no error for a failure as well", async () => {
    const { storage, script } = createScriptedStorage();
    script("get", { before: "access-1" as unknown as Error });
    const error = await rejectionOf(createRecordStore(storage, plaintextCipher).read("ann"));
    expect(error).toMatchObject({ code: "storage_failed" });
    expect(String(error)).not.toContain("access-1");
  });

  it("passes an error of ours on as it is", async () => {
    const { storage, script } = createScriptedStorage();
    const full = new StorageError("The disk is full.", { action: "fix_config" });
    script("get", { before: full });
    expect(await rejectionOf(createRecordStore(storage, plaintextCipher).read("ann"))).toBe(full);
  });

  it("says that a damaged record cannot be read, and leaves it as it is", async () => {
    const storage = createMemoryStorage();
    const damaged = new TextEncoder().encode('{"accessToken":"access-1"');
    await storage.compareAndSwap("ann", null, damaged, { version: "v1" });
    const error = await rejectionOf(createRecordStore(storage, plaintextCipher).read("ann"));
    expect(error).toBeInstanceOf(RecordUnreadableError);
    expect(await storage.get("ann")).toEqual({ bytes: damaged, version: "v1" });
  });

  it("opens neither of two records whose bytes were swapped, and leaves both as they are", async () => {
    const storage = createMemoryStorage();
    const store = createRecordStore(storage, sealing);
    await store.replace("ann", null, fullRecord({ accessToken: "ann's" }));
    await store.replace("bob", null, fullRecord({ accessToken: "bob's" }));
    const [ann, bob] = [await storage.get("ann"), await storage.get("bob")];
    if (!ann || !bob) throw new Error("both were written");
    await storage.compareAndSwap("ann", ann.version, bob.bytes, { version: "swapped-1" });
    await storage.compareAndSwap("bob", bob.version, ann.bytes, { version: "swapped-2" });
    for (const key of ["ann", "bob"]) {
      expect(await rejectionOf(store.read(key))).toMatchObject({ code: "record_unreadable" });
    }
    expect((await storage.get("ann"))?.bytes).toEqual(bob.bytes);
    expect((await storage.get("bob"))?.bytes).toEqual(ann.bytes);
  });

  it("asks once more for a lease whose answer was lost, as the same owner, and gets it", async () => {
    const { storage, calls, script } = createScriptedStorage();
    script("tryLease", { after: new Error("timeout") });
    const lease = await createRecordStore(storage, plaintextCipher).tryLease("ann", "me", 30_000);
    expect(lease).not.toBeNull();
    expect(calls.tryLease).toHaveLength(2);
  });

  it("asks the storage for a lease by owner and time", async () => {
    const { storage, calls } = createScriptedStorage();
    const lease = await createRecordStore(storage, plaintextCipher).tryLease("ann", "me", 30_000);
    expect(lease?.fence).toBeGreaterThan(0);
    expect(calls.tryLease).toEqual([["ann", { owner: "me", ttlMs: 30_000 }]]);
  });
});

describe("a record store", () => {
  it("knows a refresh token by the fingerprint that its cipher makes", async () => {
    const store = createRecordStore(createMemoryStorage(), plaintextCipher);
    expect(await store.fingerprint("refresh-1")).toBe(await plaintextCipher.fingerprint("refresh-1"));
    expect(await store.fingerprint("refresh-1")).not.toBe(await store.fingerprint("refresh-2"));
  });

  it("repeats a deletion under the version of the first try, and so learns that it had happened", async () => {
    const { storage, calls, script } = createScriptedStorage();
    const store = createRecordStore(storage, plaintextCipher);
    await store.replace("ann", null, fullRecord());
    script("delete", { after: new Error("the answer was lost") });
    expect(await store.remove("ann")).toBe(true);
    const versions = calls.delete.map(([, options]) => options);
    expect(versions).toEqual([versions[0], versions[0]]);
    expect(versions[0]).toEqual({ version: expect.any(String) });
  });

  it("finds no fingerprint for a record without a refresh token", async () => {
    const store = createRecordStore(createMemoryStorage(), plaintextCipher);
    const { refreshToken: _token, refreshFp: _fingerprint, ...record } = fullRecord();
    await store.replace("ann", null, record);
    expect((await store.read("ann"))?.record).toEqual(record);
  });
});
