import {
  AccessTokenRejectedError,
  isBitbucketAuthError,
  RefreshRejectedError,
  SignedOutError,
} from "../errors.js";
import type { TokenRecord } from "../storage/token-record.js";
import { failureAsError, reauthorizationRequired } from "./refresh-failure.js";
import { isCoolingDown, type Need, type RefreshPolicy } from "./refresh-policy.js";
import type { ServerClock } from "./server-clock.js";

/** Throws when this grant must not be refreshed now, whoever asks: dead, cooling down, or refreshed a moment ago. */
export function assertRefreshAllowed(
  record: TokenRecord,
  need: Need,
  {
    clock,
    policy,
    account,
  }: { readonly clock: ServerClock; readonly policy: RefreshPolicy; readonly account: string | undefined },
): void {
  const now = clock.nowFor(record);
  if (record.status === "reauth_required") throw reauthorizationRequired(account, record.failure);
  if (record.failure && isCoolingDown(record.failure, now)) {
    const retryAt = clock.toLocal(record.failure.retryAt ?? now, record);
    throw failureAsError(record.failure, { account, retryAt });
  }
  const wasRedeemed = record.parentFp !== undefined;
  const ageMs = now - record.obtainedAt;
  if (need.rejected === record.accessToken && wasRedeemed && ageMs >= 0 && ageMs < policy.minimumAgeMs) {
    throw new AccessTokenRejectedError(
      "The API refuses an access token that was refreshed less than a minute ago. Refreshing again would not help: check the " +
        "account's access, then try again in a minute.",
      { account, retryAt: clock.toLocal(record.obtainedAt + policy.minimumAgeMs, record) },
    );
  }
}

/** For who joins another's flight: that the API refuses the other's token is not the affair of one who rejects none. */
export function unlessTheirs({ rejected }: Need): (error: unknown) => undefined {
  return (error) => {
    const isTheirs = isBitbucketAuthError(error) && error.code === "access_token_rejected";
    if (rejected !== undefined || !isTheirs) throw error;
  };
}

/** The refresh token, or the error for a record that has none. */
export function requireRefreshToken(record: TokenRecord, account: string | undefined): string {
  if (record.refreshToken !== undefined) return record.refreshToken;
  throw new RefreshRejectedError(
    "The access token has expired and no refresh token was saved with it. Sign in again.",
    {
      certainty: "certain",
      account,
    },
  );
}

/** The error for an account that nothing is stored for. */
export function signedOut(account: string | undefined): SignedOutError {
  return new SignedOutError(
    "Nothing is stored for this account: it never signed in with this consumer, or it signed out. Send the person to sign in.",
    { account },
  );
}
