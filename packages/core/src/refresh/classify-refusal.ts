import { RefreshRejectedError } from "../errors.js";
import type { RecordedFailure } from "../storage/token-record.js";
import type { TokenAnswer } from "../token-endpoint/token-answer.js";
import { recordedFailure, type RefreshFailure } from "./refresh-failure.js";

/** Every answer to a refresh that brought no tokens. */
export type Refusal = Exclude<TokenAnswer, { kind: "tokens" }>;

/**
 * What a refusal means for the grant. `mayBeSpent`: an earlier attempt with the same refresh token may have reached
 * Bitbucket, so a refusal now is reported as a lost rotation.
 */
export function classifyRefusal(
  refusal: Refusal,
  context: {
    readonly previous: RecordedFailure | undefined;
    readonly mayBeSpent: boolean;
    /** On the clock that the record is dated by, as is everything that is written into it. */
    readonly now: number;
    /** Callers are told instants on their own clock. */
    readonly toLocal: (instant: number) => number;
    readonly random: () => number;
  },
): RefreshFailure {
  const { previous, mayBeSpent, now, toLocal, random } = context;
  const reason = mayBeSpent ? "lost_rotation" : "rejected";
  switch (refusal.kind) {
    case "dead":
      return {
        error: rejected(refusal.error, { certainty: "certain", reason }),
        failure: { code: refusal.error.code, at: now, count: 1, reason },
        status: "reauth_required",
        keepPending: false,
      };
    case "doubtful": {
      const failure = recordedFailure(previous, {
        code: refusal.error.code,
        kind: "refused",
        now,
        random,
        reason,
      });
      const error = rejected(refusal.error, {
        certainty: "probable",
        reason,
        retryAt: toLocal(failure.retryAt),
      });
      return { error, failure, status: "active", keepPending: mayBeSpent };
    }
    case "misconfigured":
    case "unsent":
    case "not_redeemed":
    case "ambiguous": {
      const retryAfterMs = refusal.kind === "not_redeemed" ? refusal.retryAfterMs : undefined;
      const failure = recordedFailure(previous, {
        code: refusal.error.code,
        kind: "failed",
        now,
        random,
        retryAfterMs,
      });
      return {
        error: refusal.error,
        failure,
        status: "active",
        keepPending: mayBeSpent || refusal.kind === "ambiguous",
      };
    }
  }
}

function rejected(
  error: RefreshRejectedError,
  details: {
    certainty: "certain" | "probable";
    reason: "rejected" | "lost_rotation";
    retryAt?: number | undefined;
  },
): RefreshRejectedError {
  const lead =
    details.reason === "lost_rotation"
      ? "An earlier refresh was sent and its answer never arrived, and now Bitbucket refuses the grant. "
      : "";
  const { status, oauthError, description } = error;
  return new RefreshRejectedError(`${lead}${error.message}`, { ...details, status, oauthError, description });
}
