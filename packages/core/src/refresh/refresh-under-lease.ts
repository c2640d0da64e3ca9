import { isBitbucketAuthError, RefreshContentionError } from "../errors.js";
import type { StoredRecord } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/token-record.js";
import type { FailureMemory } from "./failure-memory.js";
import type { GrantRef } from "./grant-ref.js";
import { keepSaving, type SavedLate } from "./keep-saving.js";
import type { LeaseHold } from "./lease-hold.js";
import { tryHold, waitForLease } from "./lease-wait.js";
import { noteFailure } from "./note-failure.js";
import { redeemGrant } from "./redeem-grant.js";
import type { RefreshContext } from "./refresh-context.js";
import { assertRefreshAllowed, signedOut } from "./refresh-guards.js";
import type { Need } from "./refresh-policy.js";
import { requestForConsumer } from "./request-for-consumer.js";
import { saveRedemption, type Redemption } from "./save-redemption.js";

/** Why a refresh is made, and how hard to try. */
export interface RefreshReason {
  readonly need: Need;
  /** Whether this record still wants refreshing; asked again under the lease, where somebody else may have done it. */
  isNeeded(record: TokenRecord): boolean;
  /** `false`: give up at once when somebody else holds the lease. */
  readonly waits: boolean;
  /** The record as it was read just now. When the lease comes at once it is not read again: the announcement compares it. */
  readonly justRead?: StoredRecord | undefined;
}

/** How often a refresh starts over because somebody else wrote or took the lease. */
const rounds = 8;

/** The record that counts after a refresh. */
export interface Refreshed {
  readonly record: TokenRecord;
  /** Set when this refresh redeemed and what counts is saved; `record` is then `mine` or a newer one. */
  readonly redemption?: Redemption;
  /** Set while the storage would not take the record: ends when it does, with the record that counts then. */
  readonly saving?: Promise<SavedLate | undefined>;
}

/**
 * Refreshes one grant under its lease, or finds that somebody else has. `undefined`: somebody else is at it and the reason
 * does not wait. New tokens are saved before they are answered; when the storage does not take them, `saving` goes on.
 */
export async function refreshUnderLease(
  context: RefreshContext,
  failures: FailureMemory,
  ref: GrantRef,
  reason: RefreshReason,
): Promise<Refreshed | undefined> {
  const peek = async (): Promise<TokenRecord | undefined> => {
    const stored = await context.store.read(ref.key);
    return stored && !reason.isNeeded(stored.record) ? stored.record : undefined;
  };
  for (let round = 0; round < rounds; round++) {
    const turn = await takeTurn(context, ref, reason, peek);
    if (!turn) return undefined;
    if ("found" in turn) return { record: turn.found };
    let hold: LeaseHold | undefined = turn.hold;
    try {
      const isKnown = round === 0 && !turn.waited && ref.account !== undefined;
      const stored = (isKnown && reason.justRead) || (await context.store.read(ref.key));
      if (stored && !reason.isNeeded(stored.record)) return { record: stored.record };
      const redeemed = await redeem(context, failures, ref, turn.hold, stored, reason.need);
      if (redeemed === "overtaken") continue;
      if (!("mine" in redeemed)) {
        if (reason.isNeeded(redeemed)) continue;
        return { record: redeemed };
      }
      const saving = hold;
      hold = undefined;
      return await save(context, ref, saving, redeemed);
    } finally {
      await hold?.release();
    }
  }
  throw new RefreshContentionError("The record kept changing under the lease. Nothing was sent; try again.", {
    account: ref.account,
  });
}

async function takeTurn(
  context: RefreshContext,
  ref: GrantRef,
  { waits }: RefreshReason,
  peek: () => Promise<TokenRecord | undefined>,
): Promise<
  { readonly hold: LeaseHold; readonly waited: boolean } | { readonly found: TokenRecord } | undefined
> {
  if (waits) return waitForLease(context, ref, peek);
  const hold = await tryHold(context, ref);
  return hold && { hold, waited: false };
}

/** One attempt: new tokens, somebody else's record, or a rejection that is remembered. */
async function redeem(
  context: RefreshContext,
  failures: FailureMemory,
  ref: GrantRef,
  hold: LeaseHold,
  stored: StoredRecord | null,
  need: Need,
): Promise<Redemption | TokenRecord | "overtaken"> {
  const { clock, policy } = context;
  const { account } = ref;
  failures.assertNone(ref, stored?.record);
  if (account === undefined) return requestForConsumer(context, failures, ref, hold, stored);
  if (!stored) throw signedOut(account);
  try {
    assertRefreshAllowed(stored.record, need, { clock, policy, account });
  } catch (error) {
    const { failure } = stored.record;
    // Another process noted it: from now on this one need not look it up again for every caller.
    if (failure && isBitbucketAuthError(error)) {
      const noted = { ...failure, at: clock.nowFor(stored.record) };
      failures.remember(ref, stored.record, { error, failure: noted });
    }
    throw error;
  }
  const outcome = await redeemGrant(context, ref, hold, stored);
  if (outcome.kind === "overtaken") return "overtaken";
  if (outcome.kind === "redeemed") {
    failures.forget(ref);
    return outcome.redemption;
  }
  const peer = await noteFailure(context, ref, outcome.failure, outcome.intent);
  if (peer) return peer;
  failures.remember(ref, outcome.intent.record, outcome.failure);
  throw outcome.failure.error;
}

async function save(
  context: RefreshContext,
  ref: GrantRef,
  hold: LeaseHold,
  redemption: Redemption,
): Promise<Refreshed> {
  try {
    const record = await saveRedemption(context, ref, redemption);
    await hold.release();
    return { record, redemption };
  } catch (error) {
    if (isBitbucketAuthError(error) && error.code === "signed_out") {
      await hold.release();
      throw error;
    }
    return { record: redemption.mine, saving: keepSaving(context, ref, hold, redemption) };
  }
}
