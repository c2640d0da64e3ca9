import assert from "node:assert/strict";
import {
  type StorageContractCase,
  assertAbsent,
  assertStored,
  write,
  assertRefused,
  lease,
  longMs,
  pass,
  shortMs,
  takeOver,
  until,
} from "./contract-case.js";

/** What a lease excludes while it is held. */
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
    title: "owners that differ in case, an accent or a trailing space alone are apart",
    async run(storage) {
      await lease(storage, "k", "alice");
      for (const other of ["Alice", "alice ", "alicé"]) await assertRefused(storage, "k", other);
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

/** Fails unless each fence is greater than the one before. */
export function assertGrowing(fences: readonly number[]): void {
  for (const [index, fence] of fences.entries()) {
    assert(
      index === 0 || fence > (fences[index - 1] ?? fence),
      `the fences do not grow: ${fences.join(", ")}`,
    );
  }
}

/** What holds once a lease has lapsed. */
export const lapsedLeaseCases: readonly StorageContractCase[] = [
  {
    group: "lapsed lease",
    title: "a lease lapses",
    async run(storage) {
      await lease(storage, "k", "alice", shortMs);
      await takeOver(storage, "k", "bob");
    },
  },
  {
    group: "lapsed lease",
    title: "a lease lasts as long as was asked",
    async run(storage) {
      await lease(storage, "k", "alice", longMs);
      await pass(storage);
      await assertRefused(storage, "k", "bob");
    },
  },
  {
    group: "lapsed lease",
    title: "renewing prolongs a lease",
    async run(storage) {
      await until("a renewal before the lapse", async () => {
        const held = await lease(storage, "k", "alice", shortMs);
        return (await held.renew(longMs)) ? held : null;
      });
      await pass(storage);
      await assertRefused(storage, "k", "bob");
    },
  },
  {
    group: "lapsed lease",
    title: "asking again prolongs a lease",
    async run(storage) {
      await lease(storage, "k", "alice", shortMs);
      await lease(storage, "k", "alice", longMs);
      await pass(storage);
      await assertRefused(storage, "k", "bob");
    },
  },
  {
    group: "lapsed lease",
    title: "a renewed lease lapses too",
    async run(storage) {
      const held = await lease(storage, "k", "alice", longMs);
      assert.equal(await held.renew(shortMs), true);
      await takeOver(storage, "k", "bob");
    },
  },
  {
    group: "lapsed lease",
    title: "the fence grows over a lapse",
    async run(storage) {
      const first = await lease(storage, "k", "alice", shortMs);
      const second = await takeOver(storage, "k", "bob");
      assertGrowing([first.fence, second.fence]);
    },
  },
  {
    group: "lapsed lease",
    title: "a lease of 1 ms is granted",
    async run(storage) {
      for (let nth = 0; nth < 20; nth += 1) await lease(storage, `k${nth}`, "alice", 1);
    },
  },
  {
    group: "lapsed lease",
    title: "a lapsed lease cannot be renewed, also before another owner takes it",
    async run(storage) {
      const lapsed = await lease(storage, "k", "alice", shortMs);
      await pass(storage);
      assert.equal(await lapsed.renew(longMs), false);
      await lease(storage, "k", "bob");
    },
  },
  {
    group: "lapsed lease",
    title: "a lapsed lease cannot be renewed once another owner holds it",
    async run(storage) {
      const lapsed = await lease(storage, "k", "alice", shortMs);
      await takeOver(storage, "k", "bob");
      assert.equal(await lapsed.renew(longMs), false);
    },
  },
  {
    group: "lapsed lease",
    title: "renewing a lapsed lease changes nothing for the next holder",
    async run(storage) {
      const lapsed = await lease(storage, "k", "alice", shortMs);
      const held = await takeOver(storage, "k", "bob");
      await lapsed.renew(longMs);
      await assertRefused(storage, "k", "carol");
      assert.equal(await held.renew(longMs), true);
    },
  },
  {
    group: "lapsed lease",
    title: "releasing a lapsed lease leaves the next holder alone",
    async run(storage) {
      const lapsed = await lease(storage, "k", "alice", shortMs);
      const held = await takeOver(storage, "k", "bob");
      await lapsed.release();
      await assertRefused(storage, "k", "carol");
      assert.equal(await held.renew(longMs), true);
    },
  },
  {
    group: "lapsed lease",
    title: "the next holder of a lapsed lease is refused to its old one",
    async run(storage) {
      await lease(storage, "k", "alice", shortMs);
      await takeOver(storage, "k", "bob");
      await assertRefused(storage, "k", "alice");
    },
  },
];
