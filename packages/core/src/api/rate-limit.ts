import { readHttpDate, readRetryAfter } from "../token-endpoint/retry-after.js";

/** A value this large can only be seconds since 1970: as seconds to wait it would be thirty years. */
const smallestEpochSeconds = 1_000_000_000;

/**
 * Reads how long a 429 answer asks to be left alone, in milliseconds; `undefined` when it does not say.
 *
 * `Retry-After` comes first. A date in it is measured against the server's own `Date`, so a wrong local clock does not
 * matter. Bitbucket documents neither header: `x-ratelimit-reset` was seen as the seconds that remain, and is understood as
 * an instant too.
 */
export function readRetryDelayMs(headers: Headers, now: number): number | undefined {
  const serverNow = readServerTime(headers) ?? now;
  const retryAfterMs = readRetryAfter(headers, serverNow);
  if (retryAfterMs !== undefined) return retryAfterMs;
  const reset = headers.get("x-ratelimit-reset")?.trim() ?? "";
  if (!/^\d{1,10}$/.test(reset)) return undefined;
  const seconds = Number(reset);
  return seconds < smallestEpochSeconds ? seconds * 1000 : Math.max(0, seconds * 1000 - serverNow);
}

/**
 * Reads what time the server said it was, in epoch milliseconds. An answer that a cache has kept (it has an `Age`) says
 * nothing about now.
 */
export function readServerTime(headers: Headers): number | undefined {
  return headers.has("age") ? undefined : readHttpDate(headers.get("date"));
}
