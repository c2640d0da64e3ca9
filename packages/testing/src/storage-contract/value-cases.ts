import assert from "node:assert/strict";
import type { TokenStorage } from "@bitbucket-auth/core";
import {
  type StorageContractCase,
  assertAbsent,
  assertConflict,
  assertDeleted,
  assertStorageError,
  assertStored,
  bytes,
  lease,
  longMs,
  write,
} from "./contract-case.js";

/** Which keys, values and versions a storage takes, unchanged. */
export const valueCases: readonly StorageContractCase[] = [
  {
    group: "values",
    title: "an entry of 8 kB fits",
    run: (storage) => keeps(storage, patterned(Math.min(8 * 1024, storage.caps.maxBytes ?? Infinity))),
  },
  {
    group: "values",
    title: "an entry of 64 kB fits, or as much as caps.maxBytes says",
    run: (storage) => keeps(storage, patterned(storage.caps.maxBytes ?? 64 * 1024)),
  },
  {
    group: "values",
    title: "every byte value survives",
    run: (storage) =>
      keeps(
        storage,
        Uint8Array.from({ length: 256 }, (_, byte) => byte),
      ),
  },
  {
    group: "values",
    title: "an empty entry is an entry",
    run: (storage) => keeps(storage, new Uint8Array()),
  },
  {
    group: "values",
    title: "a longer entry leaves nothing behind in a shorter one",
    async run(storage) {
      await write(storage, "k", null, "v1", patterned(1000));
      await write(storage, "k", "v1", "v2", patterned(10));
      await assertStored(storage, "k", "v2", patterned(10));
    },
  },
  {
    group: "values",
    title: "changing bytes after they were written changes nothing stored",
    async run(storage) {
      const handedIn = bytes("as written");
      await write(storage, "k", null, "v1", handedIn);
      handedIn.fill(0);
      await assertStored(storage, "k", "v1", bytes("as written"));
    },
  },
  {
    group: "values",
    title: "changing bytes that were read changes nothing stored",
    async run(storage) {
      await write(storage, "k", null, "v1", bytes("as written"));
      (await storage.get("k"))?.bytes.fill(0);
      await assertStored(storage, "k", "v1", bytes("as written"));
    },
  },
  {
    group: "values",
    title: "keys that differ in case alone are apart",
    run: (storage) => keepsApart(storage, ["client:Alice", "client:alice"]),
  },
  {
    group: "values",
    title: "keys that differ in a trailing space or an accent alone are apart",
    run: (storage) => keepsApart(storage, ["alice", "alice ", "alice\t", " alice", "alicé"]),
  },
  {
    group: "values",
    title: "versions that differ in case, an accent or a trailing space alone are apart",
    async run(storage) {
      await write(storage, "k", null, "e1");
      for (const other of ["E1", "e1 ", "é1"]) {
        const content = bytes("late");
        assertConflict(await storage.compareAndSwap("k", null, content, { version: other }), "e1");
        assertConflict(await storage.compareAndSwap("k", other, content, { version: "v2" }), "e1");
      }
      await write(storage, "k", "e1", "e1 ");
      await assertStored(storage, "k", "e1 ");
    },
  },
  {
    group: "values",
    title: "keys with separators and braces are apart",
    run: (storage) =>
      keepsApart(storage, ["a", "a:", "a:b", "a/b", "a\\b", "{a}", "{a}b", "a%3Ab", "a b", "a.json"]),
  },
  {
    group: "values",
    title: "keys that look like paths are apart",
    run: (storage) => keepsApart(storage, [".", "..", "../k", "k/../k", "/k", "k"]),
  },
  {
    group: "values",
    title: "keys that look alike in unicode are apart",
    run: (storage) => keepsApart(storage, ["\u00e9", "e\u0301", "🔑", "🔒", "ключ"]),
  },
  {
    group: "values",
    title: "long keys are apart",
    run: (storage) => keepsApart(storage, [`${"k".repeat(600)}1`, `${"k".repeat(600)}2`]),
  },
  {
    group: "values",
    title: "keys of 1,024 bytes are apart",
    async run(storage) {
      const keys = [
        `${"k".repeat(1_023)}1`,
        `${"k".repeat(1_023)}2`,
        `${"é".repeat(511)}a1`,
        `${"é".repeat(511)}a2`,
      ];
      await keepsApart(storage, keys);
      await lease(storage, `${"k".repeat(1_023)}1`, "alice");
      await lease(storage, `${"k".repeat(1_023)}2`, "bob");
    },
  },
  {
    group: "values",
    title: "versions of 1,024 bytes are apart",
    async run(storage) {
      const [one, other, tombstone] = ["1", "2", "3"].map((end) => "v".repeat(1_023) + end);
      assert(one !== undefined && other !== undefined && tombstone !== undefined);
      await write(storage, "k", null, one);
      assertConflict(await storage.compareAndSwap("k", other, bytes("late"), { version: "v2" }), one);
      await write(storage, "k", one, other);
      await assertStored(storage, "k", other);
      await storage.delete("k", { version: tombstone });
      const result = await storage.compareAndSwap("k", null, bytes("late"), { version: one });
      assert.equal(assertDeleted(result), tombstone);
    },
  },
  {
    group: "values",
    title: "a key with NUL or a lone surrogate is refused with a StorageError",
    async run(storage) {
      for (const key of ["k\0", "\0", "k\uD83D", "\uDD11k", "\uDD11\uD83D"]) {
        const refused = (call: string, make: () => Promise<unknown>): Promise<void> =>
          assertStorageError(`${call} of the key ${JSON.stringify(key)}`, make);
        await refused("get", () => storage.get(key));
        await refused("compareAndSwap", () =>
          storage.compareAndSwap(key, null, bytes("odd"), { version: "v1" }),
        );
        await refused("delete", () => storage.delete(key));
        await refused("tryLease", () => storage.tryLease(key, { owner: "alice", ttlMs: longMs }));
      }
    },
  },
  {
    group: "values",
    title: "a version or owner with NUL or a lone surrogate is refused with a StorageError",
    async run(storage) {
      await write(storage, "k", null, "v1");
      for (const odd of ["v\0", "v\uD83D", "\uDD11v"]) {
        const text = JSON.stringify(odd);
        await assertStorageError(`compareAndSwap to the version ${text}`, () =>
          storage.compareAndSwap("k", "v1", bytes("odd"), { version: odd }),
        );
        await assertStorageError(`delete with the version ${text}`, () =>
          storage.delete("k", { version: odd }),
        );
        await assertStorageError(`tryLease for the owner ${text}`, () =>
          storage.tryLease("k", { owner: odd, ttlMs: longMs }),
        );
      }
      await assertStored(storage, "k", "v1");
    },
  },
];

async function keeps(storage: TokenStorage, content: Uint8Array): Promise<void> {
  await write(storage, "k", null, "v1", content);
  await assertStored(storage, "k", "v1", content);
}

async function keepsApart(storage: TokenStorage, keys: readonly string[]): Promise<void> {
  for (const [index, key] of keys.entries()) {
    await assertAbsent(storage, key);
    await write(storage, key, null, `v${index}`);
  }
  for (const [index, key] of keys.entries()) await assertStored(storage, key, `v${index}`);
}

/** No byte equals its neighbour, so that a shifted or repeated block shows. */
function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256);
}

/** What `caps`, signals and `close()` mean. */
export const lifecycleCases: readonly StorageContractCase[] = [
  {
    group: "lifecycle",
    title: "caps.list says whether list is there",
    run: async (storage) => assert.equal(storage.list !== undefined, storage.caps.list),
  },
  {
    group: "lifecycle",
    title: "caps.watch says whether watch is there",
    run: async (storage) => assert.equal(storage.watch !== undefined, storage.caps.watch),
  },
  {
    group: "lifecycle",
    title: "get rejects on an aborted signal",
    run: (storage) => assert.rejects(storage.get("k", { signal: AbortSignal.abort() })),
  },
  {
    group: "lifecycle",
    title: "compareAndSwap rejects on an aborted signal",
    run: (storage) =>
      assert.rejects(
        storage.compareAndSwap("k", null, bytes(""), { version: "v1", signal: AbortSignal.abort() }),
      ),
  },
  {
    group: "lifecycle",
    title: "delete rejects on an aborted signal",
    run: (storage) => assert.rejects(storage.delete("k", { signal: AbortSignal.abort() })),
  },
  {
    group: "lifecycle",
    title: "tryLease rejects on an aborted signal",
    run: (storage) =>
      assert.rejects(storage.tryLease("k", { owner: "alice", ttlMs: longMs, signal: AbortSignal.abort() })),
  },
  {
    group: "lifecycle",
    title: "a signal that does not fire changes nothing",
    async run(storage) {
      const { signal } = new AbortController();
      const options = { signal, deadlineMs: longMs };
      assert.equal(
        (await storage.compareAndSwap("k", null, bytes("one"), { ...options, version: "v1" })).ok,
        true,
      );
      assert.equal((await storage.get("k", options))?.version, "v1");
      assert.notEqual(await storage.tryLease("k", { ...options, owner: "alice", ttlMs: longMs }), null);
      assert.equal(await storage.delete("k", options), true);
    },
  },
  {
    group: "lifecycle",
    title: "closing twice is harmless",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.close();
      await assert.doesNotReject(storage.close());
    },
  },
];
