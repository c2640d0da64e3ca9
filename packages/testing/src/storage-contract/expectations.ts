import assert from "node:assert/strict";
import type { CasResult, TokenStorage, Version } from "@bitbucket-auth/core";

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

export function assertWritten(result: CasResult): void {
  assert.equal(result.ok, true, "the write was refused");
}

export function assertConflict(result: CasResult, current: Version | null): void {
  assert.equal(result.ok, false, "the write was accepted");
  assert(!result.ok);
  assert.equal(result.current, current, "the conflict does not name the version that is stored");
  assert.notEqual(result.deleted, true, "the conflict speaks of a deletion that never was");
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

export async function assertAbsent(storage: TokenStorage, key: string): Promise<void> {
  assert.equal(await storage.get(key), null);
}

/** Compares contents only: a storage may hand out any kind of `Uint8Array`. */
function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert(actual instanceof Uint8Array, "the bytes are not a Uint8Array");
  assert.equal(actual.length, expected.length, "the length differs");
  assert(
    actual.every((byte, index) => byte === expected[index]),
    "the bytes differ",
  );
}
