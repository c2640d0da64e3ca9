import { type AnyBitbucketAuthError, RefreshRejectedError, TokenRequestError } from "@bitbucket-auth/core";

/** A refresh that failed, and when the next one is allowed. Instants are epoch milliseconds. */
export interface Refusal {
  readonly code: string;
  /** Marks the refresh token that was refused: whoever writes another beside this note is not held back by it. */
  readonly of: string;
  /** How often in a row. */
  readonly count: number;
  readonly at: number;
  /** Absent: never, the server has called the refresh token dead. */
  readonly retryAt?: number | undefined;
}

/** The rests of docs/decisions/0005-how-long-a-refused-grant-rests.md, in milliseconds. */
const rests = { refused: [30_000, 300_000], failed: [5_000, 60_000] } as const;

/** The end of a refresh token. It is kept where the token itself is. */
export function markOf(refreshToken: string): string {
  return refreshToken.slice(-8);
}

/** What is noted when this refresh token was not redeemed. `random` is a number in [0, 1). */
export function refusalOf(
  refreshToken: string,
  error: AnyBitbucketAuthError,
  { previous, now, random }: { previous: Refusal | undefined; now: number; random: number },
): Refusal {
  const { code } = error;
  const count = previous?.code === code ? previous.count + 1 : 1;
  const refusal = { code, of: markOf(refreshToken), count, at: now };
  const isRefused = error.code === "refresh_rejected";
  if (isRefused && error.certainty === "certain") return refusal;
  const [firstMs, longestMs] = rests[isRefused ? "refused" : "failed"];
  const restMs =
    Math.min(longestMs, firstMs * 2 ** (count - 1)) * (isRefused ? 1 + random / 4 : 1 - random / 4);
  return { ...refusal, retryAt: Math.max(now + restMs, error.retryAt ?? 0) };
}

/** The error for a caller who comes too early; nothing is sent then. `undefined`: it may be tried. */
export function restingError(
  { code, at, retryAt }: Refusal,
  now: number,
): RefreshRejectedError | TokenRequestError | undefined {
  if (retryAt === undefined)
    return new RefreshRejectedError("The grant is no longer accepted. Sign in again.", {
      certainty: "certain",
    });
  // One dated in the future came from a wrong clock.
  if (now >= retryAt || at > now + 5_000) return undefined;
  return code === "refresh_rejected"
    ? new RefreshRejectedError(
        "The grant was refused a moment ago. Signing in again is probably needed; it is tried again after retryAt.",
        { certainty: "probable", retryAt },
      )
    : new TokenRequestError("The last refresh failed. Try again after retryAt; the grant is kept.", {
        retryAt,
      });
}
