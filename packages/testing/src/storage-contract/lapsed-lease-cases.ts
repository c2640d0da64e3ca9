import assert from "node:assert/strict";
import type { StorageContractCase } from "./contract-case.js";
import { assertGrowing } from "./lease-cases.js";
import { assertRefused, lease, longMs, pass, shortMs, takeOver, until } from "./passing-time.js";

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
    title: "a lapsed lease cannot be renewed once somebody else holds it",
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
