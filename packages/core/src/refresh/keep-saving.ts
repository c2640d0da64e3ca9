import { isBitbucketAuthError } from "../errors.js";
import type { TokenRecord } from "../storage/token-record.js";
import type { GrantRef } from "./grant-ref.js";
import type { LeaseHold } from "./lease-hold.js";
import type { RefreshContext } from "./refresh-context.js";
import { saveRedemption, type Redemption } from "./save-redemption.js";
import { pause } from "./timers.js";

/** A record that is saved after all. */
export interface SavedLate {
  readonly record: TokenRecord;
  readonly attempts: number;
}

const longestPauseMs = 2_000;

/**
 * Goes on saving a redemption that the storage would not take, holding the lease so that nobody redeems the dead token
 * again. Ends when it is saved, superseded or signed out, or a few attempts after the owner has closed; answers the record
 * that counts. `persistFailed` is always followed by an end: `persisted`, which the caller tells, or `persistAbandoned`.
 */
export async function keepSaving(
  context: RefreshContext,
  ref: GrantRef,
  hold: LeaseHold,
  redemption: Redemption,
): Promise<SavedLate | undefined> {
  const { events, random, closing, onUnpersisted } = context;
  const { account } = ref;
  try {
    onUnpersisted?.(account, redemption.mine);
    let lastAttempts = 3;
    for (let attempts = 1; ; attempts++) {
      events.emit("persistFailed", { account, attempts });
      if (closing.aborted && lastAttempts-- === 0) {
        events.emit("persistAbandoned", { account, attempts, reason: "closed" });
        return undefined;
      }
      // Never long: whoever finds the storage back before we do would redeem a token that is spent.
      const delayMs = Math.min(longestPauseMs, 125 * 2 ** attempts) * (0.5 + random() / 2);
      await pause(closing.aborted ? Math.min(delayMs, 200) : delayMs, closing.aborted ? [] : [closing]);
      try {
        return { record: await saveRedemption(context, ref, redemption), attempts };
      } catch (error) {
        if (isBitbucketAuthError(error) && error.code === "signed_out") {
          events.emit("persistAbandoned", { account, attempts, reason: "signed_out" });
          return undefined;
        }
      }
    }
  } finally {
    await hold.release();
  }
}
