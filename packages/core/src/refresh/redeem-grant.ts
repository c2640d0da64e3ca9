import type { StoredRecord } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/token-record.js";
import { TokenRequestError } from "../errors.js";
import { classifyRefusal } from "./classify-refusal.js";
import type { Admission, Verdict } from "./consumer-breaker.js";
import type { GrantRef } from "./grant-ref.js";
import type { LeaseHold } from "./lease-hold.js";
import { recordFromResponse } from "./record-from-response.js";
import type { RefreshContext } from "./refresh-context.js";
import type { RefreshFailure } from "./refresh-failure.js";
import { requireRefreshToken } from "./refresh-guards.js";
import type { Redemption } from "./save-redemption.js";
import { startDeadline, type Deadline } from "./timers.js";
import { sendRefresh, type SentRefresh } from "./send-refresh.js";

/** How a redemption ended; only `redeemed` brought tokens. */
export type RedeemOutcome =
  | { readonly kind: "redeemed"; readonly redemption: Redemption }
  | { readonly kind: "failed"; readonly failure: RefreshFailure; readonly intent: StoredRecord }
  /** Somebody else wrote, or the lease is gone: look again before doing anything. */
  | { readonly kind: "overtaken" };

/**
 * Redeems the refresh token of a stored record: announces it in the storage, makes sure the lease still stands, sends it,
 * and says what the answer means. Saves nothing but the announcement, which also proves that the storage can be written
 * while the token is still good.
 */
export async function redeemGrant(
  context: RefreshContext,
  ref: GrantRef,
  hold: LeaseHold,
  stored: StoredRecord,
): Promise<RedeemOutcome> {
  const { store, clock, events } = context;
  const refreshToken = requireRefreshToken(stored.record, ref.account);
  const refreshFp = stored.record.refreshFp ?? (await store.fingerprint(refreshToken));
  const interrupted = stored.record.pending?.refreshFp === refreshFp ? stored.record.pending : undefined;
  const admission = await admitted(context, ref);
  let deadline: Deadline | undefined;
  let verdict: Verdict = "unknown";
  try {
    const pending = interrupted ?? {
      attempt: crypto.randomUUID(),
      startedAt: clock.nowFor(stored.record),
      refreshFp,
    };
    const intent: TokenRecord = { ...stored.record, refreshFp, pending };
    const announced = await store.replace(ref.key, stored.version, intent);
    if (!announced.ok) {
      events.emit("conflict", { account: ref.account });
      return { kind: "overtaken" };
    }
    if (!(await hold.confirm())) return { kind: "overtaken" };

    // Only now: a request with little time left would be given up after Bitbucket has redeemed.
    deadline = startDeadline(context.timeoutMs);
    const sent = await sendRefresh(context, refreshToken, {
      mayResend: interrupted === undefined,
      deadline: deadline.signal,
    });
    verdict = verdictOf(sent);
    const { version } = announced;
    if (sent.answer.kind === "tokens") {
      const mine = await recordFromResponse(context, sent.answer.response, {
        parent: intent,
        fence: hold.fence,
      });
      const recovered = interrupted !== undefined || sent.mayHaveBeenRedeemed;
      return { kind: "redeemed", redemption: { version, redeemedFp: refreshFp, mine, recovered } };
    }
    const mayBeSpent = interrupted !== undefined || sent.mayHaveBeenRedeemed;
    const failure = classifyRefusal(sent.answer, {
      previous: intent.failure,
      mayBeSpent,
      now: clock.nowFor(intent),
      toLocal: (instant) => clock.toLocal(instant, intent),
      random: context.random,
    });
    return { kind: "failed", failure, intent: { record: intent, version } };
  } finally {
    deadline?.cancel();
    admission.report(verdict);
  }
}

async function admitted(
  { breaker, timeoutMs }: RefreshContext,
  { key, account }: GrantRef,
): Promise<Admission> {
  const patience = startDeadline(timeoutMs);
  const admission = await breaker.admit(key, patience.signal).finally(() => patience.cancel());
  if ("report" in admission) return admission;
  throw new TokenRequestError(
    "Bitbucket is refusing every grant of this consumer. Nothing was sent; try again after retryAt. If it lasts, check the " +
      "consumer's key and secret.",
    { account, retryAt: admission.blockedUntil },
  );
}

function verdictOf({ answer }: SentRefresh): Verdict {
  if (answer.kind === "tokens") return "accepted";
  return answer.kind === "doubtful" ? "refused" : "unknown";
}
