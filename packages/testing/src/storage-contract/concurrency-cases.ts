import assert from "node:assert/strict";
import { contendForLapsedLeases, countTogether } from "./contention.js";
import type { StorageContractCase } from "./contract-case.js";
import { assertStored, bytes, write } from "./expectations.js";
import { longMs } from "./passing-time.js";

export const concurrencyCases: readonly StorageContractCase[] = [
  {
    group: "concurrency",
    title: "one of 50 first writes wins, and the others are told its version",
    async run(storage) {
      const versions = Array.from({ length: 50 }, (_, writer) => `v${writer}`);
      const results = await Promise.all(
        versions.map((version) =>
          storage.compareAndSwap("k", null, bytes(`written as ${version}`), { version }),
        ),
      );
      const winners = versions.filter((_, index) => results[index]?.ok === true);
      assert.equal(winners.length, 1);
      const winner = winners[0] ?? "";
      for (const result of results) if (!result.ok) assert.equal(result.current, winner);
      await assertStored(storage, "k", winner);
    },
  },
  {
    group: "concurrency",
    title: "8 writers of 10 increments lose none",
    run: async (storage) => assert.equal(await countTogether([storage], { writers: 8, each: 10 }), 80),
  },
  {
    group: "concurrency",
    title: "a reader sees the old bytes or the new ones",
    async run(storage) {
      await write(storage, "k", null, "v0", contentOf(0));
      const written = new AbortController();
      const writer = async (): Promise<void> => {
        for (let nth = 1; nth <= 20; nth += 1)
          await write(storage, "k", `v${nth - 1}`, `v${nth}`, contentOf(nth));
      };
      const reader = async (): Promise<void> => {
        while (!written.signal.aborted) {
          const entry = await storage.get("k");
          assert(entry !== null, "a reader saw no entry");
          const first = entry.bytes[0];
          assert.equal(entry.bytes.length, 8 * 1024, "a reader saw a part of the entry");
          assert(
            entry.bytes.every((byte) => byte === first),
            "a reader saw a mix",
          );
          assert.equal(
            entry.version,
            `v${first}`,
            "a reader saw the bytes of one version under the name of another",
          );
        }
      };
      await Promise.all([writer().finally(() => written.abort()), reader(), reader()]);
    },
  },
  {
    group: "concurrency",
    title: "one of 50 contenders gets a free lease",
    async run(storage) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, nth) =>
          storage.tryLease("k", { owner: `owner-${nth}`, ttlMs: longMs }),
        ),
      );
      assert.equal(answers.filter((answer) => answer !== null).length, 1);
    },
  },
  {
    group: "concurrency",
    title: "of 8 contenders for a lapsed lease never two hold it, in 100 rounds",
    run: (storage) => contendForLapsedLeases([storage], 100),
  },
];

function contentOf(nth: number): Uint8Array {
  return new Uint8Array(8 * 1024).fill(nth);
}
