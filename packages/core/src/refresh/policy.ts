import { assertOptions } from "../environment.js";
import { InvalidOptionsError } from "../errors.js";
import type { RecordedFailure, TokenRecord } from "../storage/record.js";
import { longestTimerMs } from "../timing.js";

/** The numbers of the refresh algorithm that a caller may set, in milliseconds unless said otherwise. */
export interface RefreshPolicy {
  /** Longest time before expiry at which a refresh starts in the background while the token is still served. */
  readonly eagerMs: number;
  /**
   * Longest time added to that. Each token and process adds a share of its own, so that neither the grants of one process nor the
   * processes of one grant refresh at the same moment.
   */
  readonly jitterMs: number;
  /** How many refreshes ahead of need one process begins in a second, a count. Callers who must wait are not counted. */
  readonly aheadPerSecond: number;
  /** A token with less than this left is not handed out. */
  readonly mandatoryMs: number;
  /** How long a token is served from memory before the storage is asked again. */
  readonly cacheMs: number;
  /** How long a lease lasts without a heartbeat. */
  readonly leaseMs: number;
  /** Longest wait for another process's refresh. */
  readonly contentionMs: number;
  /** Longest wait for a look-up of another caller of this process that shows no progress; then the caller starts its own. */
  readonly joinMs: number;
  /** Pause between two attempts at a lease that another process holds. */
  readonly pollMs: readonly [shortest: number, longest: number];
  /** How often a request that never left is tried again, a count. */
  readonly unsentRetries: number;
  /** How long a refused refresh waits for a peer's write that may be on its way. */
  readonly rereadMs: number;
  /** A token younger than this is not renewed because the API refused it. */
  readonly minimumAgeMs: number;
  /** An unused refresh token dies after this. */
  readonly idleMs: number;
  /** A number in [0, 1) that this process drew: see `jitterShare`. */
  readonly processShare: number;
}

/** What a caller may set; see `RefreshPolicy` for each. */
export type RefreshPolicyOptions = {
  readonly [Name in Exclude<keyof RefreshPolicy, "processShare">]?: RefreshPolicy[Name] | undefined;
};

const second = 1_000;
const minute = 60 * 1_000;
const day = 24 * 60 * 60 * 1_000;

/** The numbers that are not for callers to set. Counts, unless a name ends in `Ms`. */
export const fixed = {
  /** Look-ups of other callers that one caller joins before it makes its own, and that look-up. */
  joinRounds: 3,
  /** Leases taken for one refresh, while other processes write first or take the lease. */
  leaseRounds: 8,
  /** Writes of redeemed tokens, while other processes write first. */
  mergeTries: 8,
  /** Writes of a sign-in. Many: its code is spent, so that it cannot simply be repeated. */
  signInTries: 40,
  /** Writes of unsaved tokens that are still made after the owner has closed. */
  lastSaves: 3,
  /** Looks for a peer's write, spread over `rereadMs`, besides the one made at once. */
  peerLooks: 4,
  /** A token with less than this left is never handed out: it would expire on its way to the API. */
  lastSecondMs: 1_000,
  /** How far another clock may be ahead before what it dated counts as dated wrongly. */
  clockToleranceMs: 5_000,
  /** In a lockout of the consumer, when the first probe is sent and how long each further one waits. */
  firstProbeMs: 20_000,
  nextProbeMs: 40_000,
  /** Age at which `keepAlive()` refreshes a grant, 8 weeks: a month short of the three after which Bitbucket forgets it. */
  keepAliveMs: 4_838_400_000,
  /** Entries that memory always has room for; more are forgotten when they were not used for a while. */
  rememberedGrants: 1_024,
  /** Sign-outs and sign-ins that memory knows one by one. */
  rememberedDrops: 10_000,
  /** How long memory keeps a failure at the least; the record in the storage has it as well. */
  rememberedFailureMs: 600_000,
} as const;

const optionNames: readonly (keyof RefreshPolicyOptions)[] = [
  "eagerMs",
  "jitterMs",
  "aheadPerSecond",
  "mandatoryMs",
  "cacheMs",
  "leaseMs",
  "contentionMs",
  "joinMs",
  "pollMs",
  "unsentRetries",
  "rereadMs",
  "minimumAgeMs",
  "idleMs",
];

/**
 * The policy with everything the caller left out filled in; `random` returns a number in [0, 1). A lease outlasts the request
 * it guards, and the wait for another process's refresh outlasts both. Throws `InvalidOptionsError` for what contradicts that
 * or is no number of milliseconds.
 */
export function refreshPolicy(
  options: RefreshPolicyOptions,
  random: () => number,
  timeoutMs: number = 10 * second,
): RefreshPolicy {
  assertOptions(options, "refresh", optionNames);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  // Note: `NaN` in one of them would make every token look fresh forever.
  for (const [name, value] of given) {
    if (![value].flat().every((ms) => ms !== undefined && Number.isFinite(ms) && ms >= 0))
      throw new InvalidOptionsError(`refresh.${name} must be a number of 0 or more.`);
  }
  // No timer can be set for longer, and the heartbeat of a lease runs on one.
  const requestMs = Math.min(timeoutMs, Math.floor(longestTimerMs / 2) - 1);
  const leaseMs = Math.min(options.leaseMs ?? Math.max(30 * second, 2 * requestMs), longestTimerMs);
  if (requestMs >= leaseMs) {
    throw new InvalidOptionsError(
      "refresh.leaseMs must be above timeoutMs: a lease outlasts the request it guards.",
    );
  }
  return {
    eagerMs: 15 * minute,
    jitterMs: 3 * minute,
    aheadPerSecond: 10,
    mandatoryMs: 30 * second,
    cacheMs: minute,
    contentionMs: Math.max(minute, leaseMs + 2 * requestMs),
    joinMs: requestMs + 5 * second,
    pollMs: [50, 250],
    unsentRetries: 3,
    rereadMs: second,
    minimumAgeMs: minute,
    idleMs: 90 * day,
    ...Object.fromEntries(given),
    leaseMs,
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

/** A caller that takes any token that works. */
export const anyToken: Need = { minValidityMs: 0 };

/** Why a refresh is made: a caller needs it, a caller will need it soon (`ahead`), or the last one was too long ago. */
export type RefreshReason =
  | { readonly need: Need; readonly ahead?: boolean }
  | { readonly olderThanMs: number };

/** Whether this record still has to be refreshed for that reason: asked again under the lease, where another process may have done it. */
export function isStillNeeded(
  record: TokenRecord,
  now: number,
  policy: RefreshPolicy,
  reason: RefreshReason,
): boolean {
  // Without a refresh token there is nothing that Bitbucket could forget.
  if ("olderThanMs" in reason)
    return record.refreshToken !== undefined && now - record.obtainedAt > reason.olderThanMs;
  const found = freshness(record, now, policy, reason.need);
  return found === "expired" || (found === "due" && reason.ahead === true);
}

/** `fresh`: use it. `due`: use it and refresh in the background. `expired`: refresh first. */
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

/** Whether a token may be handed out although it is due for refresh, because the refresh failed and it still has what is needed. */
export function hasLastSeconds(record: TokenRecord, now: number, { rejected, minValidityMs }: Need): boolean {
  return (
    record.accessToken !== rejected &&
    now + Math.max(minValidityMs, fixed.lastSecondMs) < record.accessExpiresAt
  );
}

/**
 * When a token that the API has just refused may be renewed; `undefined`: now. One that was obtained less than `minimumAgeMs`
 * ago may not: the call is wrong then and not the token. Tokens handed in from elsewhere have no known age, nor does one
 * from the future, which a clock set back makes.
 */
export function tooYoungUntil(record: TokenRecord, now: number, policy: RefreshPolicy): number | undefined {
  const ageMs = now - record.obtainedAt;
  const isKnown = record.fence !== undefined && ageMs >= 0;
  return isKnown && ageMs < policy.minimumAgeMs ? record.obtainedAt + policy.minimumAgeMs : undefined;
}

/** Whether an earlier failure still forbids an attempt. One dated in the future came from a wrong clock and is ignored. */
export function isCoolingDown(failure: RecordedFailure | undefined, now: number): boolean {
  if (failure?.retryAt === undefined) return false;
  return failure.at <= now + fixed.clockToleranceMs && now < failure.retryAt;
}

/** How long to leave Bitbucket alone after `count` failures in a row; a refusal waits longer than a failure that passes. */
export function coolDownMs(kind: "refused" | "failed", count: number, random: () => number): number {
  const [firstMs, longestMs] = kind === "refused" ? [30 * second, 5 * minute] : [5 * second, minute];
  const steppedMs = Math.min(longestMs, firstMs * 2 ** (count - 1));
  return kind === "refused" ? steppedMs * (1 + random() / 4) : steppedMs * (1 - random() / 4);
}

/** The pause before a request that never left is tried again. */
export function unsentPauseMs(tried: number, random: () => number): number {
  return random() * 100 * 2 ** tried;
}

/** The pause before a write that was overtaken is repeated. The first repeat needs none and does not ask. */
export function overtakenPauseMs(attempt: number, random: () => number): number {
  return random() * 20 * Math.min(attempt, 10);
}

/**
 * The pause before tokens that could not be saved are written again. 2 s at the most: a process that reaches the recovered
 * storage first would send the spent refresh token. After the owner has closed, shorter still.
 */
export function unsavedPauseMs(attempt: number, random: () => number, isClosing: boolean): number {
  const pauseMs = Math.min(2 * second, 125 * 2 ** attempt) * (0.5 + random() / 2);
  return isClosing ? Math.min(pauseMs, 200) : pauseMs;
}

/** What one token's share of the jitter depends on: its last characters, where tokens differ. */
const lengthThatCounts = 16;

/**
 * A number in [0, 1): how much of the jitter falls to this token in this process.
 *
 * Always the same for one token in one process, and different for the next token of the grant and for other grants (FNV-1a
 * over the end of the token). The process's own share is added, so that processes differ too.
 */
export function jitterShare(accessToken: string, processShare: number): number {
  let hash = 0x811c9dc5;
  for (let at = Math.max(0, accessToken.length - lengthThatCounts); at < accessToken.length; at++)
    hash = Math.imul(hash ^ accessToken.charCodeAt(at), 0x01000193);
  return ((hash >>> 0) / 2 ** 32 + processShare) % 1;
}
