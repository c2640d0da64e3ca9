import assert from "node:assert/strict";
import type { StorageContractCase } from "./contract-case.js";
import { assertAbsent, assertStored, write } from "./expectations.js";
import { assertRefused, lease, longMs } from "./passing-time.js";

export const leaseCases: readonly StorageContractCase[] = [
  {
    group: "lease",
    title: "a held lease is refused to another owner",
    async run(storage) {
      await lease(storage, "k", "alice");
      await assertRefused(storage, "k", "bob");
    },
  },
  {
    group: "lease",
    title: "the same owner asking again gets its own lease, with the same fence",
    async run(storage) {
      const first = await lease(storage, "k", "alice");
      const again = await lease(storage, "k", "alice");
      assert.equal(again.fence, first.fence);
      await assertRefused(storage, "k", "bob");
    },
  },
  {
    group: "lease",
    title: "a lease got twice is released by either handle",
    async run(storage) {
      await lease(storage, "k", "alice");
      const again = await lease(storage, "k", "alice");
      await again.release();
      await lease(storage, "k", "bob");
    },
  },
  {
    group: "lease",
    title: "a released lease is free",
    async run(storage) {
      await (await lease(storage, "k", "alice")).release();
      await lease(storage, "k", "bob");
    },
  },
  {
    group: "lease",
    title: "releasing twice leaves the next holder alone",
    async run(storage) {
      const released = await lease(storage, "k", "alice");
      await released.release();
      const held = await lease(storage, "k", "bob");
      await released.release();
      await assertRefused(storage, "k", "carol");
      assert.equal(await held.renew(longMs), true);
    },
  },
  {
    group: "lease",
    title: "a held lease can be renewed",
    async run(storage) {
      const held = await lease(storage, "k", "alice");
      assert.equal(await held.renew(longMs), true);
      await assertRefused(storage, "k", "bob");
    },
  },
  {
    group: "lease",
    title: "a released lease cannot be renewed",
    async run(storage) {
      const released = await lease(storage, "k", "alice");
      await released.release();
      assert.equal(await released.renew(longMs), false);
      await lease(storage, "k", "bob");
    },
  },
  {
    group: "lease",
    title: "the fence grows with every acquisition",
    async run(storage) {
      const fences: number[] = [];
      for (const owner of ["alice", "bob", "alice", "carol"]) {
        const held = await lease(storage, "k", owner);
        fences.push(held.fence);
        await held.release();
      }
      assertGrowing(fences);
    },
  },
  {
    group: "lease",
    title: "leases of different keys do not block each other",
    async run(storage) {
      await lease(storage, "k", "alice");
      await lease(storage, "k:2", "bob");
      await lease(storage, "K", "carol");
    },
  },
  {
    group: "lease",
    title: "releasing one key leaves the lease of another",
    async run(storage) {
      const held = await lease(storage, "k", "alice");
      await lease(storage, "k:2", "alice");
      await held.release();
      await assertRefused(storage, "k:2", "bob");
    },
  },
  {
    group: "lease",
    title: "a lease is not an entry",
    async run(storage) {
      await lease(storage, "k", "alice");
      await assertAbsent(storage, "k");
      await write(storage, "k", null, "v1");
    },
  },
  {
    group: "lease",
    title: "a lease does not lock the entry",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await lease(storage, "k", "alice");
      await write(storage, "k", "v1", "v2");
      await assertStored(storage, "k", "v2");
    },
  },
  {
    group: "lease",
    title: "a deletion leaves the lease with its holder",
    async run(storage) {
      await write(storage, "k", null, "v1");
      const held = await lease(storage, "k", "alice");
      await storage.delete("k");
      await assertRefused(storage, "k", "bob");
      assert.equal(await held.renew(longMs), true);
    },
  },
];

export function assertGrowing(fences: readonly number[]): void {
  for (const [index, fence] of fences.entries()) {
    assert(
      index === 0 || fence > (fences[index - 1] ?? fence),
      `the fences do not grow: ${fences.join(", ")}`,
    );
  }
}
