import assert from "node:assert/strict";
import type { Lease, TokenStorage } from "@bitbucket-auth/core";

/** Short enough to poll for, long enough for a sound storage to answer two calls in most of the time. */
export const shortMs = 20;

/** Far beyond the time any case takes. */
export const longMs = 600_000;

const attempts = 500;

/**
 * Tries until the answer is something, 500 times at most.
 *
 * A lease lapses on the clock of the storage, which may be a server's: no test can set that clock forward, and sleeping for
 * a fixed time is a guess about it. Asking again sees the moment itself, and the bound turns "never" into a failure.
 */
export async function until<T>(what: string, attempt: () => Promise<T | null | undefined>): Promise<T> {
  for (let count = 0; count < attempts; count += 1) {
    const answer = await attempt();
    if (answer !== null && answer !== undefined) return answer;
    await breath();
  }
  return assert.fail(`${what}: not seen in ${attempts} attempts`);
}

/** Waits for the lease of somebody else to lapse or to be released, and takes it. */
export function takeOver(storage: TokenStorage, key: string, owner: string): Promise<Lease> {
  return until(`the lease of ${key} for ${owner}`, () => storage.tryLease(key, { owner, ttlMs: longMs }));
}

/** Fails unless the lease is granted at once. */
export async function lease(
  storage: TokenStorage,
  key: string,
  owner: string,
  ttlMs: number = longMs,
): Promise<Lease> {
  const granted = await storage.tryLease(key, { owner, ttlMs });
  assert(granted !== null, `the lease of ${key} was refused to ${owner}`);
  return granted;
}

/** Fails if the lease is granted. */
export async function assertRefused(storage: TokenStorage, key: string, owner: string): Promise<void> {
  assert.equal(
    await storage.tryLease(key, { owner, ttlMs: longMs }),
    null,
    `the lease of ${key} was granted to ${owner} as well`,
  );
}

let stopwatches = 0;

/** Ends once `shortMs` and a little more have passed, by the clock of the storage and by our own. */
export async function pass(storage: TokenStorage): Promise<void> {
  const startedAt = Date.now();
  stopwatches += 1;
  const key = `stopwatch-${stopwatches}`;
  await lease(storage, key, "started", shortMs);
  const stopped = await takeOver(storage, key, "stopped");
  await stopped.release();
  await until("the clock of this process", async () => (Date.now() > startedAt + shortMs ? true : null));
}

/** Lets whatever else is waiting have its turn. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
