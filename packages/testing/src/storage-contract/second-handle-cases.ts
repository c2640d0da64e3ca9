import assert from "node:assert/strict";
import { contendForLapsedLeases, countTogether } from "./write-cases.js";
import {
  type StorageContractCase,
  assertAbsent,
  assertConflict,
  assertDeleted,
  assertStored,
  bytes,
  write,
  assertRefused,
  lease,
  longMs,
  shortMs,
  takeOver,
  until,
} from "./contract-case.js";
import { assertGrowing } from "./lease-cases.js";
import { listen, makeWrites } from "./list-and-watch-cases.js";

/** What two processes see of each other, as far as two handles in one process can show it. */
export const secondHandleCases: readonly StorageContractCase[] = [
  {
    group: "second handle",
    title: "an entry outlives the handle that wrote it",
    needs: ["durable"],
    async run(storage, reopen) {
      await write(storage, "k", null, "v1");
      await storage.close();
      await assertStored(await reopen(), "k", "v1");
    },
  },
  {
    group: "second handle",
    title: "a tombstone outlives the handle that wrote it",
    needs: ["durable"],
    async run(storage, reopen) {
      await write(storage, "k", null, "v1");
      await storage.delete("k", { version: "gone" });
      await storage.close();
      const other = await reopen();
      assert.equal(
        assertDeleted(await other.compareAndSwap("k", null, bytes("late"), { version: "v2" })),
        "gone",
      );
    },
  },
  {
    group: "second handle",
    title: "a write is seen at once through another handle",
    needs: ["reach"],
    async run(storage, reopen) {
      const other = await reopen();
      await assertAbsent(other, "k");
      await write(storage, "k", null, "v1");
      await assertStored(other, "k", "v1");
      await write(other, "k", "v1", "v2");
      await assertStored(storage, "k", "v2");
    },
  },
  {
    group: "second handle",
    title: "a write through another handle is a conflict",
    needs: ["reach"],
    async run(storage, reopen) {
      const other = await reopen();
      await write(storage, "k", null, "v1");
      await write(other, "k", "v1", "v2");
      assertConflict(await storage.compareAndSwap("k", "v1", bytes("late"), { version: "v3" }), "v2");
    },
  },
  {
    group: "second handle",
    title: "a deletion through another handle stops a write in flight",
    needs: ["reach"],
    async run(storage, reopen) {
      const other = await reopen();
      await write(storage, "k", null, "v1");
      await other.delete("k");
      assertDeleted(await storage.compareAndSwap("k", "v1", bytes("late"), { version: "v2" }));
      await assertAbsent(storage, "k");
    },
  },
  {
    group: "second handle",
    title: "a lease excludes owners on another handle",
    needs: ["reach"],
    async run(storage, reopen) {
      const other = await reopen();
      const held = await lease(storage, "k", "alice");
      await assertRefused(other, "k", "bob");
      await held.release();
      await lease(other, "k", "bob");
      await assertRefused(storage, "k", "alice");
    },
  },
  {
    group: "second handle",
    title: "the fence grows from handle to handle",
    needs: ["reach"],
    async run(storage, reopen) {
      const other = await reopen();
      const fences: number[] = [];
      for (const handle of [storage, other, storage, other]) {
        const held = await lease(handle, "k", crypto.randomUUID());
        fences.push(held.fence);
        await held.release();
      }
      assertGrowing(fences);
    },
  },
  {
    group: "second handle",
    title: "a lapsed lease goes to another handle and stays there",
    needs: ["reach"],
    async run(storage, reopen) {
      const other = await reopen();
      const lapsed = await lease(storage, "k", "alice", shortMs);
      const held = await takeOver(other, "k", "bob");
      assert.equal(await lapsed.renew(longMs), false);
      await lapsed.release();
      await assertRefused(storage, "k", "carol");
      assert.equal(await held.renew(longMs), true);
    },
  },
  {
    group: "second handle",
    title: "of 8 contenders on two handles never two hold a lapsed lease, in 100 rounds",
    needs: ["reach"],
    run: async (storage, reopen) => contendForLapsedLeases([storage, await reopen()], 100),
  },
  {
    group: "second handle",
    title: "8 writers of 10 increments on two handles lose none",
    needs: ["reach"],
    async run(storage, reopen) {
      assert.equal(await countTogether([storage, await reopen()], { writers: 8, each: 10 }), 80);
    },
  },
  {
    group: "second handle",
    title: "closing one handle leaves another working",
    needs: ["reach"],
    async run(storage, reopen) {
      const other = await reopen();
      await write(storage, "k", null, "v1");
      await other.close();
      await assertStored(storage, "k", "v1");
      await write(storage, "k", "v1", "v2");
    },
  },
  {
    group: "second handle",
    title: "a watcher is told of a change through another handle",
    needs: ["reach", "watch"],
    async run(storage, reopen) {
      const changes = makeWrites(await reopen(), "k");
      const heard = listen(storage, "k");
      await until("a notice from the other handle", () => changes().then(heard.any));
      heard.stop();
    },
  },
];

/**
 * What no two handles of one process can show: they share its locks and its libraries. Memory that is shared by mistake, a
 * lock that excludes its own process only, and a write that is acknowledged and not there for others become visible here.
 */
export const secondProcessCases: readonly StorageContractCase[] = [
  {
    group: "second process",
    title: "another process sees a write at once, and its own write is seen",
    needs: ["reach"],
    async run(storage, reopen) {
      const other = await reopen();
      await write(storage, "k", null, "v1");
      await assertStored(other, "k", "v1");
      await write(other, "k", "v1", "v2");
      await assertStored(storage, "k", "v2");
      await other.delete("k", { version: "gone" });
      assert.equal(
        assertDeleted(await storage.compareAndSwap("k", "v2", bytes("late"), { version: "v3" })),
        "gone",
      );
    },
  },
  {
    group: "second process",
    title: "a lease excludes another process until it is released or lapses",
    needs: ["reach"],
    async run(storage, reopen) {
      const other = await reopen();
      const held = await lease(other, "k", "alice");
      await assertRefused(storage, "k", "bob");
      await held.release();
      const lapsing = await lease(storage, "k", "bob", shortMs);
      const next = await takeOver(other, "k", "carol");
      assert.equal(await lapsing.renew(longMs), false);
      assert.equal(await next.renew(longMs), true);
      assertGrowing([held.fence, lapsing.fence, next.fence]);
    },
  },
  {
    group: "second process",
    title: "8 writers of 10 increments in two processes lose none",
    needs: ["reach"],
    async run(storage, reopen) {
      assert.equal(await countTogether([storage, await reopen()], { writers: 8, each: 10 }), 80);
    },
  },
  {
    group: "second process",
    title: "of 8 contenders in two processes never two hold a lapsed lease, in 25 rounds",
    needs: ["reach"],
    run: async (storage, reopen) => contendForLapsedLeases([storage, await reopen()], 25),
  },
];
