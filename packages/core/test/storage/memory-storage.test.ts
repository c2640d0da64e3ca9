import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { describe, expect, it } from "vitest";

/** The contract suite runs on the machine's clock; what lapses with time is checked here. */
const bytes = new TextEncoder().encode("sealed");

function movableClock(): { now: () => number; move: (ms: number) => void } {
  let now = 1_800_000_000_000;
  return { now: () => now, move: (ms) => void (now += ms) };
}

describe("createMemoryStorage()", () => {
  it("keeps an entry past its expiry, whatever year the clock says", async () => {
    const clock = movableClock();
    const storage = createMemoryStorage({ clock });
    await storage.compareAndSwap("ann", null, bytes, { version: "v1", expireAt: 1 });
    clock.move(365 * 24 * 3_600_000);
    expect(await storage.get("ann")).toMatchObject({ version: "v1" });
  });

  it("remembers a tombstone for ever", async () => {
    const clock = movableClock();
    const storage = createMemoryStorage({ clock });
    await storage.compareAndSwap("ann", null, bytes, { version: "v1", expireAt: clock.now() + 1_000 });
    await storage.delete("ann", { version: "gone" });
    clock.move(365 * 24 * 3_600_000);
    expect(await storage.compareAndSwap("ann", null, bytes, { version: "v2" })).toEqual({
      ok: false,
      current: "gone",
      deleted: true,
    });
  });

  it("gives a lease to the next owner once it has lapsed, with a higher fence", async () => {
    const clock = movableClock();
    const storage = createMemoryStorage({ clock });
    const first = await storage.tryLease("ann", { owner: "a", ttlMs: 1_000 });
    clock.move(999);
    expect(await storage.tryLease("ann", { owner: "b", ttlMs: 1_000 })).toBeNull();
    clock.move(1);
    const second = await storage.tryLease("ann", { owner: "b", ttlMs: 1_000 });
    expect(second?.fence).toBeGreaterThan(first?.fence ?? Number.POSITIVE_INFINITY);
  });

  it("renews a lease from now on", async () => {
    const clock = movableClock();
    const storage = createMemoryStorage({ clock });
    const lease = await storage.tryLease("ann", { owner: "a", ttlMs: 1_000 });
    clock.move(900);
    expect(await lease?.renew(1_000)).toBe(true);
    clock.move(999);
    expect(await storage.tryLease("ann", { owner: "b", ttlMs: 1_000 })).toBeNull();
  });

  it("neither renews nor releases a lease that has lapsed and is another's", async () => {
    const clock = movableClock();
    const storage = createMemoryStorage({ clock });
    const lapsed = await storage.tryLease("ann", { owner: "a", ttlMs: 1_000 });
    clock.move(1_000);
    expect(await lapsed?.renew(1_000)).toBe(false);
    await storage.tryLease("ann", { owner: "b", ttlMs: 1_000 });
    expect(await lapsed?.renew(60_000)).toBe(false);
    await lapsed?.release();
    expect(await storage.tryLease("ann", { owner: "c", ttlMs: 1_000 })).toBeNull();
    clock.move(1_000);
    expect(await storage.tryLease("ann", { owner: "c", ttlMs: 1_000 })).not.toBeNull();
  });
});

describe("a memory storage", () => {
  it("says what it can do: one process, watched and listed, gone with it, sealed or not", () => {
    const { caps } = createMemoryStorage();
    expect(caps).toEqual({ lease: "process", watch: true, list: true, durable: false, plaintext: true });
  });

  it("keeps bytes of its own, whatever a caller does to theirs", async () => {
    const storage = createMemoryStorage();
    const given = Uint8Array.of(1, 2, 3);
    await storage.compareAndSwap("ann", null, given, { version: "v1" });
    given.fill(0);
    const got = await storage.get("ann");
    expect(got?.bytes).toEqual(Uint8Array.of(1, 2, 3));
    got?.bytes.fill(0);
    expect((await storage.get("ann"))?.bytes).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("tells of a deletion whether there was something, and of a repeated one that there was", async () => {
    const storage = createMemoryStorage();
    expect(await storage.delete("ann")).toBe(false);
    expect(await storage.delete("ann")).toBe(false);
    await storage.compareAndSwap("bob", null, bytes, { version: "v1" });
    expect(await storage.delete("bob", { version: "gone" })).toBe(true);
    expect(await storage.delete("bob", { version: "gone" })).toBe(true);
    expect(await storage.delete("bob", { version: "gone again" })).toBe(false);
  });

  it("deletes an entry under the version that it was written with", async () => {
    const storage = createMemoryStorage();
    await storage.compareAndSwap("ann", null, bytes, { version: "v1" });
    expect(await storage.delete("ann", { version: "v1" })).toBe(true);
    expect(await storage.get("ann")).toBeNull();
  });

  it("lists what begins alike and was not deleted", async () => {
    const storage = createMemoryStorage();
    for (const key of ["a/1", "a/2", "b/1"]) await storage.compareAndSwap(key, null, bytes, { version: key });
    await storage.delete("a/1");
    expect(await Array.fromAsync(storage.list?.("a/") ?? [])).toEqual(["a/2"]);
  });

  it("tells every watcher of a key of a write, a deletion and a lease that was given back, and of no other key", async () => {
    const storage = createMemoryStorage();
    let told = 0;
    const stop = storage.watch?.("ann", () => void told++);
    await storage.compareAndSwap("bob", null, bytes, { version: "v1" });
    await settled();
    expect(told).toBe(0);
    await storage.compareAndSwap("ann", null, bytes, { version: "v1" });
    await settled();
    expect(told).toBe(1);
    await storage.delete("ann");
    await settled();
    expect(told).toBe(2);
    const lease = await storage.tryLease("ann", { owner: "a", ttlMs: 1_000 });
    await lease?.release();
    await settled();
    expect(told).toBe(3);
    stop?.();
    await storage.delete("ann");
    await settled();
    expect(told).toBe(3);
  });

  it("goes on telling one watcher of a key when another has stopped", async () => {
    const storage = createMemoryStorage();
    const told: string[] = [];
    const stopFirst = storage.watch?.("ann", () => void told.push("first"));
    storage.watch?.("ann", () => void told.push("second"));
    stopFirst?.();
    await storage.delete("ann");
    await settled();
    expect(told).toEqual(["second"]);
  });

  it("takes a watcher again after the last one of its key has stopped", async () => {
    const storage = createMemoryStorage();
    let told = 0;
    storage.watch?.("ann", () => void told++)();
    storage.watch?.("ann", () => void told++);
    await storage.delete("ann");
    await settled();
    expect(told).toBe(1);
  });

  it("does nothing for a caller who has given up before the call", async () => {
    const storage = createMemoryStorage();
    const signal = AbortSignal.abort();
    const calls = [
      storage.get("ann", { signal }),
      storage.compareAndSwap("ann", null, bytes, { version: "v1", signal }),
      storage.delete("ann", { signal }),
      storage.tryLease("ann", { owner: "a", ttlMs: 1_000, signal }),
      Array.fromAsync(storage.list?.("", { signal }) ?? []),
    ];
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({
        code: "storage_failed",
        transient: true,
        message: "The storage call was aborted before it began.",
      });
    }
    expect(await storage.get("ann")).toBeNull();
  });

  it("rejects every call once it is closed, and calls no watcher any more", async () => {
    const storage = createMemoryStorage();
    let told = 0;
    storage.watch?.("ann", () => void told++);
    const lease = await storage.tryLease("ann", { owner: "a", ttlMs: 1_000 });
    await storage.close?.();
    const calls = [
      storage.get("ann"),
      storage.compareAndSwap("ann", null, bytes, { version: "v1" }),
      storage.delete("ann"),
      storage.tryLease("ann", { owner: "b", ttlMs: 1_000 }),
      Array.fromAsync(storage.list?.("") ?? []),
    ];
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({
        code: "storage_failed",
        action: "fix_config",
        message: "This memory storage was closed. Create a new one.",
      });
    }
    await lease?.release();
    await settled();
    expect(told).toBe(0);
  });
});

/** Lets what was queued run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}
