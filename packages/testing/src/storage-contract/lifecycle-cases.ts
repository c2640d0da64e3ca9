import assert from "node:assert/strict";
import type { StorageContractCase } from "./contract-case.js";
import { bytes, write } from "./expectations.js";
import { longMs } from "./passing-time.js";

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
