import { InvalidOptionsError } from "../errors.js";
import type { RecordedFailure, TokenRecord } from "../storage/token-record.js";
import { jitterShare } from "./jitter-share.js";

/** The numbers of the refresh algorithm, in milliseconds unless said otherwise. */
export interface RefreshPolicy {
  /** Longest time before expiry at which a refresh starts in the background while the token is still served. */
  readonly eagerMs: number;
  /** Longest time added to that, each token and process its own share, so that neither grants nor processes line up. */
  readonly jitterMs: number;
  /** How many refreshes ahead of need one process begins in a second, a count. Callers who must wait are not counted. */
  readonly aheadPerSecond: number;
  /** A token with less than this left is not handed out. */
  readonly mandatoryMs: number;
  /** How long a token is served from memory before the storage is asked again. */
  readonly cacheMs: number;
  readonly leaseMs: number;
  /** Longest wait for somebody else's refresh. */
  readonly contentionMs: number;
  readonly pollMs: readonly [shortest: number, longest: number];
  /** How often a request that never left is tried again, a count. */
  readonly unsentRetries: number;
  /** How long a refused refresh waits for a peer's write that may be on its way. */
  readonly rereadMs: number;
  /** A token refreshed more recently than this is not refreshed again because the API refused it. */
  readonly minimumAgeMs: number;
  /** An unused refresh token dies after this. */
  readonly idleMs: number;
  /** A number in [0, 1) that this process drew: see `jitterShare`. */
  readonly processShare: number;
}

/** What a caller may set; see `RefreshPolicy` for each. */
export type RefreshPolicyOptions = Partial<Omit<RefreshPolicy, "processShare">>;

const minute = 60_000;

/**
 * The policy with everything the caller left out filled in; `random` answers a number in [0, 1). A lease outlasts the request
 * it guards, and the wait for somebody else's refresh outlasts both. Throws `InvalidOptionsError` for what contradicts that
 * or is no number of milliseconds.
 */
export function refreshPolicy(
  options: RefreshPolicyOptions,
  random: () => number,
  timeoutMs = 10_000,
): RefreshPolicy {
  // Note: `NaN` or `undefined` in one of them would make every token look fresh for ever.
  for (const [name, value] of Object.entries(options)) {
    if (![value].flat().every((ms) => Number.isFinite(ms) && ms >= 0))
      throw new InvalidOptionsError(`refresh.${name} must be a number of 0 or more.`);
  }
  const leaseMs = options.leaseMs ?? Math.max(30_000, 2 * timeoutMs);
  if (timeoutMs >= leaseMs) {
    throw new InvalidOptionsError(
      "refresh.leaseMs must be above timeoutMs: a lease outlasts the request it guards.",
    );
  }
  return {
    eagerMs: 15 * minute,
    jitterMs: 3 * minute,
    aheadPerSecond: 10,
    mandatoryMs: 30_000,
    cacheMs: minute,
    leaseMs,
    contentionMs: Math.max(minute, leaseMs + 2 * timeoutMs),
    pollMs: [50, 250],
    unsentRetries: 3,
    rereadMs: 1_000,
    minimumAgeMs: minute,
    idleMs: 90 * 24 * 60 * minute,
    ...options,
    processShare: random(),
  };
}

/** What a caller needs from a token. */
export interface Need {
  /** Left of its life at the least. */
  readonly minValidityMs: number;
  /** An access token that the API has just refused. */
  readonly rejected?: string | undefined;
}

/** `fresh`: use it. `due`: use it and refresh behind its back. `expired`: refresh first. */
export type Freshness = "fresh" | "due" | "expired";

/** Judges a record at `now`, on the clock the record is dated by. */
export function freshness(record: TokenRecord, now: number, policy: RefreshPolicy, need: Need): Freshness {
  if (record.accessToken === "" || record.accessToken === need.rejected) return "expired";
  const windows = refreshWindows(record, policy, need);
  if (now >= windows.expiredAt) return "expired";
  if (now >= windows.dueAt) return "due";
  // A refresh was cut short, and Bitbucket's leeway is running out: the token still works, the grant may not for long.
  return record.pending && !isCoolingDown(record.failure, now) ? "due" : "fresh";
}

/** The instants at which a record becomes due and expired. Short lives get shorter windows, or they would never be fresh. */
export function refreshWindows(
  record: TokenRecord,
  policy: RefreshPolicy,
  need: Need,
): { readonly dueAt: number; readonly expiredAt: number } {
  const lifeMs = Math.max(0, record.accessExpiresAt - record.obtainedAt);
  const wantedMs = Math.max(policy.mandatoryMs, need.minValidityMs);
  const mandatoryMs = Math.min(wantedMs, need.minValidityMs > 0 ? lifeMs / 2 : lifeMs / 4);
  const jitterMs =
    Math.min(policy.jitterMs, lifeMs / 8) * jitterShare(record.accessToken, policy.processShare);
  const eagerMs = Math.min(policy.eagerMs, lifeMs / 2) + jitterMs;
  const expiredAt = record.accessExpiresAt - mandatoryMs;
  return { dueAt: Math.min(record.accessExpiresAt - eagerMs, expiredAt), expiredAt };
}

/** Whether an earlier failure still forbids an attempt. One dated in the future came from a wrong clock and is ignored. */
export function isCoolingDown(failure: RecordedFailure | undefined, now: number): boolean {
  if (failure?.retryAt === undefined) return false;
  return failure.at <= now + 5_000 && now < failure.retryAt;
}

/** How long to leave Bitbucket alone after `count` failures in a row; a refusal waits longer than a hiccup. */
export function coolDownMs(kind: "refused" | "failed", count: number, random: () => number): number {
  const [firstMs, longestMs] = kind === "refused" ? [30_000, 5 * minute] : [5_000, minute];
  const steppedMs = Math.min(longestMs, firstMs * 2 ** (count - 1));
  return kind === "refused" ? steppedMs * (1 + random() / 4) : steppedMs * (1 - random() / 4);
}
