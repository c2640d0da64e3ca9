import { StorageError } from "../errors.js";
import type { RecordStore } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/token-record.js";
import type { Version } from "../storage/token-storage.js";
import type { GrantRef } from "./grant-ref.js";
import type { RefreshContext } from "./refresh-context.js";
import { pause } from "./timers.js";

/** Many: whoever signs in has spent a code, and cannot simply try again. */
const tries = 40;

/**
 * Saves what a sign-in brought in place of whatever is stored: an older grant, a tombstone, even a record that cannot be
 * read. It learns the version in its way from the conflict, so that no write is blind. Answers the record that counts: this
 * one, or what a peer has already refreshed it to when the write had arrived and was reported as failed.
 */
export async function saveSignIn(
  { store, random }: Pick<RefreshContext, "store" | "random">,
  ref: GrantRef,
  record: TokenRecord,
): Promise<TokenRecord> {
  let expected: Version | null = null;
  for (let attempt = 0; attempt < tries; attempt++) {
    if (attempt > 1) await pause(random() * 20 * Math.min(attempt, 10));
    const written = await store.replace(ref.key, expected, record);
    if (written.ok) return record;
    const successor = written.repeated ? await successorOf(store, ref, record) : undefined;
    if (successor) return successor;
    expected = written.current;
  }
  throw new StorageError("The record kept changing while the sign-in was being saved. Sign in again.", {
    account: ref.account,
  });
}

async function successorOf(
  store: RecordStore,
  { key }: GrantRef,
  { refreshFp }: TokenRecord,
): Promise<TokenRecord | undefined> {
  const stored = await store.read(key).catch(() => null);
  return refreshFp !== undefined && stored?.record.parentFp === refreshFp ? stored.record : undefined;
}
