import { RefreshRejectedError, TokenRequestError, type AnyBitbucketAuthError } from "../errors.js";
import type { RecordedFailure, TokenRecord } from "../storage/token-record.js";
import { coolDownMs } from "./refresh-policy.js";

/** A failed refresh: what to tell the caller, and what to write into the record. */
export interface RefreshFailure {
  readonly error: AnyBitbucketAuthError;
  readonly failure: RecordedFailure;
  /** Only Bitbucket's explicit word makes a grant need a new sign-in; doubt never does. */
  readonly status: TokenRecord["status"];
  /** `true` when the refresh token may be spent: whoever comes next must know. */
  readonly keepPending: boolean;
}

/** Dates a failure and sets its cool-down: longer with each failure in a row, at least as long as Bitbucket asked. */
export function recordedFailure(
  previous: RecordedFailure | undefined,
  options: {
    readonly code: string;
    readonly kind: "refused" | "failed";
    readonly now: number;
    readonly random: () => number;
    readonly retryAfterMs?: number | undefined;
    readonly reason?: RecordedFailure["reason"];
  },
): RecordedFailure & { readonly retryAt: number } {
  const { code, kind, now, random, retryAfterMs = 0, reason } = options;
  const count = previous?.code === code ? previous.count + 1 : 1;
  const retryAt = now + Math.max(coolDownMs(kind, count, random), retryAfterMs);
  return { code, at: now, count, retryAt, ...(reason && { reason }) };
}

/** The error for a caller who comes while a recorded failure still cools down. Nothing is sent for it. */
export function failureAsError(
  { code, reason }: RecordedFailure,
  { account, retryAt }: { readonly account: string | undefined; readonly retryAt: number },
): TokenRequestError | RefreshRejectedError {
  if (code === "refresh_rejected") {
    return new RefreshRejectedError(
      "Bitbucket refused this grant a moment ago. Signing in again is probably needed; until then it is tried again now and then.",
      { certainty: "probable", reason: reason ?? "rejected", retryAt, account },
    );
  }
  return new TokenRequestError(
    "The last refresh failed and the next one is not due yet. Try again after retryAt; the grant is kept.",
    { retryAt, account },
  );
}

/** The error for a grant that Bitbucket has declared dead. */
export function reauthorizationRequired(
  account: string | undefined,
  failure: RecordedFailure | undefined,
): RefreshRejectedError {
  return new RefreshRejectedError(
    "Bitbucket no longer accepts this grant. The account has to sign in again.",
    {
      certainty: "certain",
      reason: failure?.reason ?? "rejected",
      account,
    },
  );
}
