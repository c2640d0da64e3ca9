import type { StorageCapabilities, TokenStorage, CasResult, Version, Lease } from "@bitbucket-auth/core";
import assert from "node:assert/strict";

/** What a case is about. */
export type StorageContractGroup =
  | "writes"
  | "deletion"
  | "expiry"
  | "values"
  | "lease"
  | "lapsed lease"
  | "lifecycle"
  | "list"
  | "watch"
  | "concurrency"
  | "second handle"
  | "second process";

/** A capability a case is about. A storage without it has not made the promise. */
export type ContractNeed = "list" | "watch" | "durable" | "reach";

/** Opens one more handle on the data of the storage under test. */
export type ReopenStorage = () => Promise<TokenStorage>;

/** One promise of the storage contract. */
export interface StorageContractCase {
  readonly group: StorageContractGroup;
  /** A sentence about the storage. Unique in the suite. */
  readonly title: string;
  /** What `caps` must say for the promise to bind. Absent: it binds every storage. */
  readonly needs?: readonly ContractNeed[];
  /**
   * Rejects with an `AssertionError` when the promise is broken.
   *
   * `storage` is empty. `reopen` is called by cases that need `reach` or `durable`, and by no others: it opens a second
   * handle, in the group "second process" inside another process. The runner closes what it hands out.
   */
  run(storage: TokenStorage, reopen: ReopenStorage): Promise<void>;
}

/** Whether a storage with these `caps` has made the promise. Nothing else switches a case on or off. */
export function appliesTo(contractCase: StorageContractCase, caps: StorageCapabilities): boolean {
  const offered: Record<ContractNeed, boolean> = {
    list: caps.list,
    watch: caps.watch,
    durable: caps.durable,
    reach: caps.lease !== "process",
  };
  return (contractCase.needs ?? []).every((need) => offered[need]);
}

/** The text in UTF-8. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Writes, and fails unless the storage says it did. */
export async function write(
  storage: TokenStorage,
  key: string,
  expected: Version | null,
  version: Version,
  content: Uint8Array = bytes(`written as ${version}`),
  expireAt?: number,
): Promise<void> {
  const options = expireAt === undefined ? { version } : { version, expireAt };
  assertWritten(await storage.compareAndSwap(key, expected, content, options));
}

/** Fails unless the write happened. */
export function assertWritten(result: CasResult): void {
  assert.equal(result.ok, true, "the write was refused");
}

/** Fails unless the write was refused because `current` is stored, or nothing where it is `null`. */
export function assertConflict(result: CasResult, current: Version | null): void {
  assert.equal(result.ok, false, "the write was accepted");
  assert(!result.ok);
  assert.equal(result.current, current, "the conflict does not name the version that is stored");
  assert.notEqual(result.deleted, true, "the conflict claims a deletion that did not happen");
}

/** Fails unless a tombstone refused the write; answers the tombstone's version. */
export function assertDeleted(result: CasResult): Version {
  assert.equal(result.ok, false, "the write was accepted over a tombstone");
  assert(!result.ok);
  assert.equal(result.deleted, true, "the conflict does not say that the entry was deleted");
  assert(result.current !== null, "the tombstone has no version");
  return result.current;
}

/** Fails unless `get` hands out exactly these bytes under this version. */
export async function assertStored(
  storage: TokenStorage,
  key: string,
  version: Version,
  content: Uint8Array = bytes(`written as ${version}`),
): Promise<void> {
  const entry = await storage.get(key);
  assert(entry !== null, `nothing is stored under ${JSON.stringify(key)}`);
  assert.equal(entry.version, version);
  assertSameBytes(entry.bytes, content);
}

/** Every key that the storage lists, in the order it tells them. */
export async function listedKeys(storage: TokenStorage, prefix = ""): Promise<string[]> {
  assert(storage.list !== undefined, "caps.list is true and there is no list()");
  const keys: string[] = [];
  for await (const key of storage.list(prefix)) keys.push(key);
  return keys;
}

/** Fails unless the call rejects with an error whose `code` is that of `StorageError`. */
export async function assertStorageError(what: string, call: () => Promise<unknown>): Promise<void> {
  const outcome = await call().then(
    () => "it was accepted",
    (error: unknown) =>
      isRecord(error) && error["code"] === "storage_failed" ? null : `it rejected with ${String(error)}`,
  );
  assert.equal(outcome, null, `${what} must be refused with a StorageError, but ${outcome}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Fails unless nothing is stored under the key. */
export async function assertAbsent(storage: TokenStorage, key: string): Promise<void> {
  assert.equal(await storage.get(key), null);
}

/** Compares contents only: a storage may hand out any kind of `Uint8Array`. */
function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  // By shape: under jest and jsdom the storage's `Uint8Array` is of another realm.
  assert(ArrayBuffer.isView(actual), "the bytes are not a Uint8Array");
  assert.equal(actual.length, expected.length, "the length differs");
  assert(
    actual.every((byte, index) => byte === expected[index]),
    "the bytes differ",
  );
}

/** Short enough to poll for, long enough for a sound storage to answer two calls in most of the time. */
export const shortMs = 20;

/** Far beyond the time any case takes. */
export const longMs = 600_000;

const attempts = 500;

/**
 * Tries until there is an answer, 500 times at most.
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

/** Waits for the lease of another owner to lapse or to be released, and takes it. */
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

/** Yields to everything else that waits for its turn. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
