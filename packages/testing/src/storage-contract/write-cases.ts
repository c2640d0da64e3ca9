import assert from "node:assert/strict";
import type { Lease, TokenStorage } from "@bitbucket-auth/core";
import {
  type StorageContractCase,
  assertAbsent,
  assertConflict,
  assertStored,
  assertWritten,
  bytes,
  write,
  longMs,
  lease,
  until,
} from "./contract-case.js";

/** When a write happens, and when it conflicts. */
export const writeCases: readonly StorageContractCase[] = [
  {
    group: "writes",
    title: "an entry that was never written reads as null",
    run: (storage) => assertAbsent(storage, "k"),
  },
  {
    group: "writes",
    title: "what is written reads back under its version",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await assertStored(storage, "k", "v1");
    },
  },
  {
    group: "writes",
    title: "a write that names the stored version replaces the entry",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await write(storage, "k", "v1", "v2");
      await assertStored(storage, "k", "v2");
    },
  },
  {
    group: "writes",
    title: "a write that names an overtaken version conflicts with the stored one",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await write(storage, "k", "v1", "v2");
      assertConflict(await storage.compareAndSwap("k", "v1", bytes("late"), { version: "v3" }), "v2");
    },
  },
  {
    group: "writes",
    title: "a refused write changes nothing",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.compareAndSwap("k", "v0", bytes("late"), { version: "v2" });
      await assertStored(storage, "k", "v1");
    },
  },
  {
    group: "writes",
    title: "a first write conflicts with an entry that is there",
    async run(storage) {
      await write(storage, "k", null, "v1");
      assertConflict(await storage.compareAndSwap("k", null, bytes("late"), { version: "v2" }), "v1");
    },
  },
  {
    group: "writes",
    title: "a write that expects an entry conflicts with none",
    async run(storage) {
      assertConflict(await storage.compareAndSwap("k", "v0", bytes("late"), { version: "v1" }), null);
      await assertAbsent(storage, "k");
    },
  },
  {
    group: "writes",
    title: "a repeated first write answers ok",
    async run(storage) {
      await write(storage, "k", null, "v1");
      assertWritten(await storage.compareAndSwap("k", null, bytes("written as v1"), { version: "v1" }));
      await assertStored(storage, "k", "v1");
    },
  },
  {
    group: "writes",
    title: "a repeated replacement answers ok",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await write(storage, "k", "v1", "v2");
      assertWritten(await storage.compareAndSwap("k", "v1", bytes("written as v2"), { version: "v2" }));
      await assertStored(storage, "k", "v2");
    },
  },
  {
    group: "writes",
    title: "a repeat of a write that was since replaced conflicts",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await write(storage, "k", "v1", "v2");
      assertConflict(
        await storage.compareAndSwap("k", null, bytes("written as v1"), { version: "v1" }),
        "v2",
      );
    },
  },
  {
    group: "writes",
    title: "versions are compared and never ordered",
    async run(storage) {
      await write(storage, "k", null, "9");
      await write(storage, "k", "9", "10");
      await write(storage, "k", "10", "1");
      await assertStored(storage, "k", "1");
    },
  },
  {
    group: "writes",
    title: "a version may be any text",
    async run(storage) {
      const odd = 'v:1/../{"ü"}\n 🔑';
      await write(storage, "k", null, odd);
      await assertStored(storage, "k", odd);
      await write(storage, "k", odd, "v2");
      await assertStored(storage, "k", "v2");
    },
  },
];

/** What holds for calls at the same time. */
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

/** Counts to `writers * each` by read and compare-and-swap, all writers at once, and answers what is stored at the end. */
export async function countTogether(
  handles: readonly TokenStorage[],
  { writers, each }: { readonly writers: number; readonly each: number },
): Promise<number> {
  const [first] = handles;
  assert(first);
  await write(first, "count", null, "start", bytes("0"));
  const increment = async (storage: TokenStorage, version: string): Promise<true | null> => {
    const entry = await storage.get("count");
    assert(entry !== null, "the counter is gone");
    const next = bytes(String(countOf(entry.bytes) + 1));
    return (await storage.compareAndSwap("count", entry.version, next, { version })).ok ? true : null;
  };
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      const storage = handles[writer % handles.length] ?? first;
      for (let nth = 0; nth < each; nth += 1) {
        await until("a free moment to count", () =>
          increment(storage, `${writer}/${nth}/${crypto.randomUUID()}`),
        );
      }
    }),
  );
  const stored = await first.get("count");
  return stored === null ? Number.NaN : countOf(stored.bytes);
}

/**
 * Leaves a lease to lapse, lets eight contenders ask for it at once, round after round, and fails if two of them ever
 * hold it together.
 */
export async function contendForLapsedLeases(
  handles: readonly TokenStorage[],
  rounds: number,
): Promise<void> {
  const [first] = handles;
  assert(first);
  for (let round = 0; round < rounds; round += 1) {
    await lease(first, "k", `absent-${round}`, 1);
    const ask = async (storage: TokenStorage, contender: number): Promise<Lease | null> =>
      storage.tryLease("k", { owner: `contender-${round}-${contender}`, ttlMs: longMs });
    const askTogether = async (): Promise<Lease[]> => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, contender) =>
          ask(handles[contender % handles.length] ?? first, contender),
        ),
      );
      return answers.filter((answer) => answer !== null);
    };
    const holders = await until("a takeover", async () => {
      const granted = await askTogether();
      return granted.length > 0 ? granted : null;
    });
    assert.equal(holders.length, 1, `${holders.length} contenders hold the lease in round ${round}`);
    await holders[0]?.release();
  }
}

function countOf(content: Uint8Array): number {
  return Number(new TextDecoder().decode(content));
}
