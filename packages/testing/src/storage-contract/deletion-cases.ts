import assert from "node:assert/strict";
import type { StorageContractCase } from "./contract-case.js";
import { assertAbsent, assertConflict, assertDeleted, assertStored, bytes, write } from "./expectations.js";

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
