import { InvalidOptionsError, type FetchForOptions } from "@bitbucket-auth/core";

/** Limits of the calls of one API object. */
export interface ApiLimits {
  /** For the headers of each answer, and once more for its body, in milliseconds. @default a minute */
  readonly apiTimeoutMs?: number | undefined;
  /** How long one call may wait in all for rate limits to pass, in milliseconds. Without it a 429 rejects at once. */
  readonly rateLimitBudgetMs?: number | undefined;
  /** Ends every call of the object. */
  readonly signal?: AbortSignal | undefined;
}

/** The limits in core's terms, without what was not given. Throws `InvalidOptionsError` for what is no time. */
export function readLimits(timeoutMs: unknown, rateLimitBudgetMs: unknown): FetchForOptions {
  return {
    ...(timeoutMs != null && { timeoutMs: milliseconds(timeoutMs) }),
    ...(rateLimitBudgetMs != null && { rateLimitBudgetMs: milliseconds(rateLimitBudgetMs) }),
  };
}

function milliseconds(value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new InvalidOptionsError("Limits such as timeoutMs are numbers of milliseconds.");
}
