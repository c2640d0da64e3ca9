import { SignedOutError, StorageError } from "../errors.js";
import type { WriteResult } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/token-record.js";
import type { Version } from "../storage/token-storage.js";
import type { GrantRef } from "./grant-ref.js";
import { mergeRecord } from "./merge-record.js";
import type { RefreshContext } from "./refresh-context.js";
import { pause } from "./timers.js";

/** A record got by redeeming, and what it was got from. */
export interface Redemption {
  /** The version that the write-ahead intent left in the storage. */
  readonly version: Version | null;
  /** Fingerprint of the redeemed refresh token; absent for client credentials, which redeem none. */
  readonly redeemedFp?: string | undefined;
  readonly mine: TokenRecord;
  /** Whether an earlier attempt at the same redemption had been cut short. */
  readonly recovered: boolean;
}

const mergeTries = 8;

/**
 * Saves a redemption and answers the record that now counts: mine, or a newer one somebody else saved.
 *
 * Rejects with `SignedOutError` when the grant was signed out meanwhile, and with `StorageError` when the storage does not
 * take it: then the only copy is in `mine`, and the caller must not let go of it.
 */
export async function saveRedemption(
  context: RefreshContext,
  ref: GrantRef,
  { version, redeemedFp, mine }: Redemption,
): Promise<TokenRecord> {
  const { store, events, random } = context;
  const { account } = ref;
  let expected = version;
  let record = mine;
  for (let attempt = 0; attempt < mergeTries; attempt++) {
    if (attempt > 1) await pause(random() * 20 * attempt);
    const written: WriteResult = await store.replace(ref.key, expected, record);
    if (written.ok) return record;
    events.emit("conflict", { account });
    if (written.deleted) throw signedOutMeanwhile(account);
    const stored = await store.read(ref.key);
    // No entry and no tombstone: the storage lost it. What we hold is the only copy.
    expected = stored?.version ?? null;
    if (!stored || redeemedFp === undefined) continue;
    const decision = mergeRecord(stored.record, redeemedFp, mine);
    if (decision === "adopt_other") return stored.record;
    if (decision !== "write") {
      events.emit("siblingMerged", { account, kept: decision === "adopt_sibling" ? "stored" : "mine" });
    }
    if (decision === "adopt_sibling") return stored.record;
    record = { ...mine, generation: Math.max(mine.generation, stored.record.generation) };
  }
  throw new StorageError("The record kept changing while new tokens were being saved.", { account });
}

function signedOutMeanwhile(account: string | undefined): SignedOutError {
  return new SignedOutError(
    "The account was signed out while its token was being refreshed. Sign in again.",
    { account },
  );
}
