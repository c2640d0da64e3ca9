import assert from "node:assert/strict";
import {
  type StorageContractCase,
  assertAbsent,
  assertConflict,
  assertDeleted,
  assertRefused,
  assertStored,
  assertWritten,
  bytes,
  lease,
  listedKeys,
  write,
  longMs,
  pass,
  shortMs,
  until,
} from "./contract-case.js";

/** What a deletion removes, and what it leaves behind. */
export const deletionCases: readonly StorageContractCase[] = [
  {
    group: "deletion",
    title: "a deleted entry reads as null",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k");
      await assertAbsent(storage, "k");
    },
  },
  {
    group: "deletion",
    title: "deleting a live entry answers true",
    async run(storage) {
      await write(storage, "k", null, "v1");
      assert.equal(await storage.delete("k"), true);
    },
  },
  {
    group: "deletion",
    title: "deleting what is not there answers false",
    run: async (storage) => assert.equal(await storage.delete("k"), false),
  },
  {
    group: "deletion",
    title: "deleting what is deleted answers false",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k");
      assert.equal(await storage.delete("k"), false);
    },
  },
  {
    group: "deletion",
    title: "a write in flight does not bring a deleted entry back",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k");
      assertDeleted(await storage.compareAndSwap("k", "v1", bytes("late"), { version: "v2" }));
      await assertAbsent(storage, "k");
    },
  },
  {
    group: "deletion",
    title: "a tombstone counts as an entry for a first write",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k");
      assertDeleted(await storage.compareAndSwap("k", null, bytes("late"), { version: "v2" }));
      await assertAbsent(storage, "k");
    },
  },
  {
    group: "deletion",
    title: "a tombstone has a version of its own",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k");
      const tombstone = assertDeleted(
        await storage.compareAndSwap("k", null, bytes("late"), { version: "v2" }),
      );
      assert.notEqual(tombstone, "v1");
    },
  },
  {
    group: "deletion",
    title: "a tombstone has the version its writer gave it",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k", { version: "gone" });
      assert.equal(
        assertDeleted(await storage.compareAndSwap("k", null, bytes("late"), { version: "v2" })),
        "gone",
      );
    },
  },
  {
    group: "deletion",
    title: "a repeated deletion leaves the tombstone as it is",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k", { version: "gone" });
      await storage.delete("k", { version: "gone" });
      assert.equal(
        assertDeleted(await storage.compareAndSwap("k", null, bytes("late"), { version: "v2" })),
        "gone",
      );
    },
  },
  {
    group: "deletion",
    title: "a repeated deletion of a live entry answers true again",
    async run(storage) {
      await write(storage, "k", null, "v1");
      assert.equal(await storage.delete("k", { version: "gone" }), true);
      assert.equal(await storage.delete("k", { version: "gone" }), true);
    },
  },
  {
    group: "deletion",
    title: "a repeated deletion of no entry answers false again",
    async run(storage) {
      assert.equal(await storage.delete("k", { version: "gone" }), false);
      assert.equal(await storage.delete("k", { version: "gone" }), false);
    },
  },
  {
    group: "deletion",
    title: "a repeated deletion of a tombstone answers false again",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k", { version: "gone" });
      assert.equal(await storage.delete("k", { version: "gone again" }), false);
      assert.equal(await storage.delete("k", { version: "gone again" }), false);
    },
  },
  {
    group: "deletion",
    title: "a late repeat of a deletion leaves a newer entry alone and answers as it did",
    async run(storage) {
      for (const [key, wasLive] of [
        ["live", true],
        ["absent", false],
      ] as const) {
        if (wasLive) await write(storage, key, null, "v1");
        assert.equal(await storage.delete(key, { version: "gone" }), wasLive);
        await write(storage, key, "gone", "v2");
        assert.equal(await storage.delete(key, { version: "gone" }), wasLive);
        await assertStored(storage, key, "v2");
        await write(storage, key, "v2", "v3");
        assert.equal(await storage.delete(key, { version: "gone" }), wasLive);
        await assertStored(storage, key, "v3");
      }
    },
  },
  {
    group: "deletion",
    title: "a write under the version of the tombstone is no repeat and conflicts",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k", { version: "gone" });
      for (const expected of [null, "v1"]) {
        const result = await storage.compareAndSwap("k", expected, bytes("late"), { version: "gone" });
        assert.equal(assertDeleted(result), "gone");
      }
      await assertAbsent(storage, "k");
    },
  },
  {
    group: "deletion",
    title: "a write that names the tombstone replaces it",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k");
      const tombstone = assertDeleted(
        await storage.compareAndSwap("k", null, bytes("late"), { version: "v2" }),
      );
      await write(storage, "k", tombstone, "v3");
      await assertStored(storage, "k", "v3");
    },
  },
  {
    group: "deletion",
    title: "an entry written over a tombstone is not called deleted",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.delete("k", { version: "gone" });
      await write(storage, "k", "gone", "v2");
      assertConflict(await storage.compareAndSwap("k", null, bytes("late"), { version: "v3" }), "v2");
    },
  },
  {
    group: "deletion",
    title: "a deletion leaves other keys alone",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await write(storage, "k:2", null, "v2");
      await storage.delete("k");
      await assertStored(storage, "k:2", "v2");
    },
  },
];

/**
 * `expireAt` allows a storage to forget an entry and does not oblige it to. So these cases ask what must still be there, and
 * that all calls agree on what is not.
 */
export const expiryCases: readonly StorageContractCase[] = [
  {
    group: "expiry",
    title: "an entry stays until the time it may be forgotten",
    async run(storage) {
      await write(storage, "k", null, "v1", bytes("kept"), Date.now() + longMs);
      await pass(storage);
      await assertStored(storage, "k", "v1", bytes("kept"));
    },
  },
  {
    group: "expiry",
    title: "a write that may not be forgotten outlives the expiry of the one before",
    async run(storage) {
      await write(storage, "k", null, "v1", bytes("short-lived"), Date.now() + shortMs);
      const result = await storage.compareAndSwap("k", "v1", bytes("kept"), { version: "v2" });
      // A slow machine may have seen the first entry expire by now.
      if (!result.ok) await write(storage, "k", result.current, "v2", bytes("kept"));
      await pass(storage);
      await assertStored(storage, "k", "v2", bytes("kept"));
    },
  },
  {
    group: "expiry",
    title: "a tombstone outlives the expiry of the entry it replaced",
    async run(storage) {
      let tries = 0;
      // A slow machine may see the entry expire before it is deleted; then there was nothing to delete.
      const key = await until("a deletion before the expiry", async () => {
        tries += 1;
        await write(storage, `k${tries}`, null, "v1", bytes("short-lived"), Date.now() + shortMs);
        return (await storage.delete(`k${tries}`)) ? `k${tries}` : null;
      });
      await pass(storage);
      assertDeleted(await storage.compareAndSwap(key, null, bytes("late"), { version: "v2" }));
    },
  },
  {
    group: "expiry",
    title: "an expired entry is whole or gone, for a read, a first write and a list alike",
    async run(storage) {
      await write(storage, "k", null, "v1", bytes("short-lived"), Date.now() + shortMs);
      await pass(storage);
      const read = await storage.get("k");
      const listed = storage.caps.list && read === null ? await listedKeys(storage) : [];
      assert(!listed.includes("k"), "the entry is listed and cannot be read");
      const result = await storage.compareAndSwap("k", null, bytes("next"), { version: "v2" });
      if (read === null) assertWritten(result);
      else
        await assertStored(storage, "k", result.ok ? "v2" : "v1", bytes(result.ok ? "next" : "short-lived"));
    },
  },
  {
    group: "expiry",
    title: "a lease outlives the expiry of its entry",
    async run(storage) {
      await lease(storage, "k", "alice");
      await write(storage, "k", null, "v1", bytes("short-lived"), Date.now() + shortMs);
      await pass(storage);
      await assertRefused(storage, "k", "bob");
    },
  },
];
