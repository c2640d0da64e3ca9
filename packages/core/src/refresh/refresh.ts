import { isBitbucketAuthError, RefreshContentionError } from "../errors.js";
import type { StoredRecord } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/record.js";
import { createFailures, type Failures, signedOut } from "./failure.js";
import { createLeases, type LeaseHold, type LeaseOutcome } from "./lease.js";
import type { GrantRef, RefreshParts } from "./parts.js";
import { fixed, isStillNeeded, type RefreshReason } from "./policy.js";
import { createRedeemer, type Redemption } from "./redeem.js";
import { createSaver, type SavedLate, type Saver } from "./save.js";

/** What a refresh ends with, and what its caller gets: the record that counts. */
export type Refreshed = {
  readonly record: TokenRecord;
} & (
  | { readonly how: "refreshed"; readonly recovered: boolean }
  /** Another process refreshed, or its redemption is the newer one. */
  | { readonly how: "adopted" }
  /** The storage would not take the record yet: `saving` ends when it does, with the record that counts then. */
  | { readonly how: "unsaved"; readonly saving: Promise<SavedLate | undefined> }
);

/** Refreshes grants, one at a time each. */
export interface Refresher
  extends Pick<Saver, "saveSignIn">, Pick<Failures, "isCooling" | "forget" | "tell"> {
  /**
   * Refreshes one grant under its lease, or finds that another process has. `undefined`: another process holds the lease, and a
   * refresh ahead of need does not wait for it. New tokens are saved before they are returned; when the storage does not take them, `saving` goes on.
   *
   * `justRead`: the record as it was read a moment ago. When the lease comes at once it is not read again, because the
   * announcement compares it.
   */
  refresh(ref: GrantRef, reason: RefreshReason, justRead?: StoredRecord): Promise<Refreshed | undefined>;
  /** When this process last asked for the grant's lease while it waited for it; `undefined` when it does not wait. */
  askedAt(ref: GrantRef): number | undefined;
}

/** One per `BitbucketAuth`. */
export function createRefresher(parts: RefreshParts): Refresher {
  const { store, clock, policy } = parts;
  const leases = createLeases(parts);
  const failures = createFailures(parts);
  const redeemer = createRedeemer(parts);
  const saver = createSaver(parts);

  /** The path of every refresh, from the lease to the saved record. */
  const refresh: Refresher["refresh"] = async (ref, reason, justRead) => {
    const isNeeded = (record: TokenRecord): boolean =>
      isStillNeeded(record, clock.nowFor(record), policy, reason);
    for (let round = 0; round < fixed.leaseRounds; round++) {
      const obtained = await obtainLease(ref, reason, isNeeded);
      if (!obtained) return undefined;
      if ("found" in obtained) return { record: obtained.found, how: "adopted" };
      let hold: LeaseHold | undefined = obtained.hold;
      try {
        const isKnown = round === 0 && !obtained.waited && ref.account !== undefined;
        const stored = (isKnown && justRead) || (await store.read(ref.key));
        if (stored && !isNeeded(stored.record)) return { record: stored.record, how: "adopted" };
        failures.assertAllowed(ref, stored?.record, "need" in reason ? reason.need : undefined);
        const redeemed = await redeem(ref, obtained.hold, stored);
        if (redeemed === "overtaken") continue;
        if (!("mine" in redeemed)) {
          if (isNeeded(redeemed)) continue;
          return { record: redeemed, how: "adopted" };
        }
        // From here on the lease goes with the tokens: it is released when they are saved.
        hold = undefined;
        return await save(ref, obtained.hold, redeemed);
      } finally {
        await hold?.release();
      }
    }
    throw new RefreshContentionError(
      "Other processes kept writing the record while it was to be refreshed. Nothing was sent; try again.",
      { account: ref.account },
    );
  };

  const obtainLease = async (
    ref: GrantRef,
    reason: RefreshReason,
    isNeeded: (record: TokenRecord) => boolean,
  ): Promise<LeaseOutcome | undefined> => {
    if ("need" in reason && reason.ahead) {
      const hold = await leases.tryHold(ref);
      return hold && { hold, waited: false };
    }
    return leases.wait(ref, async () => {
      const stored = await store.read(ref.key);
      return stored && !isNeeded(stored.record) ? stored.record : undefined;
    });
  };

  /** New tokens, or the record of another process that makes a refusal irrelevant. */
  const redeem = async (
    ref: GrantRef,
    hold: LeaseHold,
    stored: StoredRecord | null,
  ): Promise<Redemption | TokenRecord | "overtaken"> => {
    // Its own token has no refresh token. One that is there was written by hand, and a token of the consumer would take its place.
    if (ref.account === undefined && stored?.record.refreshToken === undefined) {
      const asked = await redeemer.requestForConsumer(hold, stored);
      if ("refusal" in asked) return failures.failConsumer(ref, asked.refusal, stored?.record);
      failures.forget(ref);
      return asked;
    }
    if (!stored) throw signedOut(ref.account);
    const attempt = await redeemer.redeem(ref, hold, stored);
    if (attempt === "overtaken") return attempt;
    if ("refusal" in attempt)
      return failures.note(ref, attempt.refusal, attempt.announced, attempt.mayBeSpent);
    failures.forget(ref);
    return attempt;
  };

  const save = async (ref: GrantRef, hold: LeaseHold, redemption: Redemption): Promise<Refreshed> => {
    try {
      const record = await saver.save(ref, redemption);
      await hold.release();
      const isMine = record.accessToken === redemption.mine.accessToken;
      return isMine
        ? { record, how: "refreshed", recovered: redemption.recovered }
        : { record, how: "adopted" };
    } catch (error) {
      if (isBitbucketAuthError(error) && error.code === "signed_out") {
        await hold.release();
        throw error;
      }
      const saving = saver.keepSaving(ref, hold, redemption);
      return { record: redemption.mine, how: "unsaved", saving };
    }
  };

  return {
    refresh,
    askedAt: (ref) => leases.askedAt(ref),
    saveSignIn: (...signIn) => saver.saveSignIn(...signIn),
    isCooling: (ref, record) => failures.isCooling(ref, record),
    forget: (ref) => failures.forget(ref),
    tell: (ref, error) => failures.tell(ref, error),
  };
}
