import type { StoredRecord } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/token-record.js";
import type { GrantRef } from "./grant-ref.js";
import type { RefreshContext } from "./refresh-context.js";
import type { RefreshFailure } from "./refresh-failure.js";
import { pause } from "./timers.js";

/**
 * Writes a failure where every process sees it, unless somebody has meanwhile stored another refresh token: then that
 * record is answered, and the failure is about a token that no longer matters.
 *
 * The record keeps its tokens. When the storage does not take the note the failure still counts for this process.
 */
export async function noteFailure(
  context: RefreshContext,
  ref: GrantRef,
  { failure, status, keepPending, error }: RefreshFailure,
  intent: StoredRecord,
): Promise<TokenRecord | undefined> {
  const { store, events } = context;
  if (error.code === "refresh_rejected") {
    const peer = await peerWrite(context, ref, intent);
    if (peer) return peer;
    if (failure.reason === "lost_rotation") events.emit("reuseSuspected", { account: ref.account });
  }
  const { pending, ...untouched } = intent.record;
  const noted: TokenRecord = { ...untouched, status, failure, ...(keepPending && { pending }) };
  try {
    const written = await store.replace(ref.key, intent.version, noted);
    if (written.ok) return undefined;
    const stored = await store.read(ref.key);
    return stored && stored.record.refreshFp !== intent.record.refreshFp ? stored.record : undefined;
  } catch {
    events.emit("storageFailed", { account: ref.account });
    return undefined;
  }
}

/** Looks for another refresh token in the storage for a moment: a peer's write may still be on its way. */
async function peerWrite(
  { store, policy, closing }: RefreshContext,
  ref: GrantRef,
  intent: StoredRecord,
): Promise<TokenRecord | undefined> {
  // Within one process every write has arrived before this one began.
  const looks = store.storage.caps.lease === "process" ? 0 : 4;
  for (let look = 0; look <= looks; look++) {
    if (look > 0) await pause(policy.rereadMs / looks, [closing]);
    const stored = await store.read(ref.key).catch(() => null);
    if (stored && stored.record.refreshFp !== intent.record.refreshFp) return stored.record;
  }
  return undefined;
}
