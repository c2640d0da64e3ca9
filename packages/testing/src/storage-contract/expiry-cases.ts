import type { StorageContractCase } from "./contract-case.js";
import { assertDeleted, assertStored, bytes, write } from "./expectations.js";
import { longMs, pass, shortMs, until } from "./passing-time.js";

/** `expireAt` lets a storage forget an entry; it never makes it. So these cases ask only what must still be there. */
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
      // Note: a slow machine may have seen the first entry expire by now.
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
      // Note: a slow machine may see the entry expire before it is deleted; then there was nothing to bury.
      const key = await until("a deletion before the expiry", async () => {
        tries += 1;
        await write(storage, `k${tries}`, null, "v1", bytes("short-lived"), Date.now() + shortMs);
        return (await storage.delete(`k${tries}`)) ? `k${tries}` : null;
      });
      await pass(storage);
      assertDeleted(await storage.compareAndSwap(key, null, bytes("late"), { version: "v2" }));
    },
  },
];
