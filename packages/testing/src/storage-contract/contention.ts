import assert from "node:assert/strict";
import type { Lease, TokenStorage } from "@bitbucket-auth/core";
import { bytes, write } from "./expectations.js";
import { lease, longMs, until } from "./passing-time.js";

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
