const longestMs = 24 * 60 * 60 * 1000;

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date that is compared with `now`. Never negative, at most a
 * day; `undefined` when the header is absent or neither.
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : (readHttpDate(value) ?? Number.NaN) - now;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), longestMs);
}

/** Reads an HTTP date as epoch milliseconds; `undefined` when it is not one. */
export function readHttpDate(value: string | null): number | undefined {
  // Note: `Date.parse` alone takes almost anything for a date, "1" included.
  if (value === null || !/^[A-Z][a-z]+, .* GMT$/.test(value)) return undefined;
  const instant = Date.parse(value);
  return Number.isNaN(instant) ? undefined : instant;
}
