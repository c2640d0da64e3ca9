import type { TokenRecord } from "../storage/record.js";
import { anyToken, fixed, freshness, refreshWindows, type Need, type RefreshPolicy } from "./policy.js";
import type { ServerClock } from "./server-clock.js";

/** A record this process saw, and until when it may be served without asking the storage again. */
export interface CachedGrant {
  readonly record: TokenRecord;
  /** The access token, ready to be returned without another promise. */
  readonly accessToken: Promise<string>;
  readonly readAt: number;
  readonly servedUntil: number;
  /** `true` while the record could not be saved: this process is then the only one that knows it. */
  readonly unsaved: boolean;
}

/** How a record came to be known. */
export interface PutOptions {
  readonly unsaved?: boolean;
  /** A mark taken before; the record is ignored when the account was dropped after it. */
  readonly since?: number;
}

/** The records this process may serve from memory, by account. */
export interface GrantCache {
  /** The grant if its token may be served without further thought. The hot path: no allocation. */
  readonly ready: (account: string | undefined) => CachedGrant | undefined;
  /** What is remembered, however old. */
  get(account: string | undefined): CachedGrant | undefined;
  /** The record if it was read recently enough, whatever its token is good for. */
  recent(account: string | undefined): TokenRecord | undefined;
  /** The record if it meets the need and was read recently enough. */
  usable(account: string | undefined, need: Need): TokenRecord | undefined;
  /** Taken before the storage is asked: what was learnt since then is void if the account was dropped meanwhile. */
  mark(account: string | undefined): number;
  put(account: string | undefined, record: TokenRecord, options?: PutOptions): void;
  drop(account: string | undefined): void;
}

/** Empty at first; forgets entries that were not used in a while, so that idle accounts cost nothing. */
export function createGrantCache(clock: ServerClock, policy: RefreshPolicy): GrantCache {
  const grants = createForgetfulMap<string | undefined, CachedGrant>(policy.cacheMs, fixed.rememberedGrants);
  const unsavedGrants = new Map<string | undefined, CachedGrant>();
  const drops = new Map<string | undefined, number>();
  let dropCount = 0;
  let forgottenDrops = 0;
  const mark = (account: string | undefined): number => drops.get(account) ?? forgottenDrops;
  const isRecent = (grant: CachedGrant, now: number): boolean =>
    grant.unsaved || (now >= grant.readAt && now < grant.readAt + policy.cacheMs);
  const find = (account: string | undefined): CachedGrant | undefined =>
    grants.get(account) ?? unsavedGrants.get(account);
  const forget = (account: string | undefined): void => {
    grants.delete(account);
    unsavedGrants.delete(account);
  };

  return {
    ready(account) {
      const grant = find(account);
      if (!grant) return undefined;
      const now = clock.nowFor(grant.record);
      return now < grant.servedUntil && now >= grant.readAt ? grant : undefined;
    },
    get: find,
    recent(account) {
      const grant = find(account);
      return grant && isRecent(grant, clock.nowFor(grant.record)) ? grant.record : undefined;
    },
    usable(account, need) {
      const grant = find(account);
      if (!grant) return undefined;
      const now = clock.nowFor(grant.record);
      if (!isRecent(grant, now)) return undefined;
      return freshness(grant.record, now, policy, need) === "expired" ? undefined : grant.record;
    },
    mark,
    put(account, record, { unsaved = false, since = mark(account) } = {}) {
      if (since !== mark(account)) return;
      const readAt = clock.nowFor(record);
      const { dueAt } = refreshWindows(record, policy, anyToken);
      const servedUntil = unsaved ? dueAt : Math.min(dueAt, readAt + policy.cacheMs);
      const accessToken = Promise.resolve(record.accessToken);
      const grant: CachedGrant = { record, accessToken, readAt, servedUntil, unsaved };
      forget(account);
      if (unsaved) unsavedGrants.set(account, grant);
      else grants.set(account, grant, clock.localNow());
    },
    drop(account) {
      forget(account);
      // Forgetting them all makes every mark void, which costs a look into the storage and nothing else.
      if (drops.size >= fixed.rememberedDrops) {
        drops.clear();
        forgottenDrops = ++dropCount;
      }
      drops.set(account, ++dropCount);
    },
  };
}

/**
 * A map of two generations. What was not set again for two turns is forgotten with its generation: nothing is searched, so
 * forgetting a hundred thousand entries costs as much as forgetting one.
 */
export interface ForgetfulMap<K, V> {
  get(key: K): V | undefined;
  /** `now` in milliseconds, on a clock of one's own. */
  set(key: K, value: V, now: number): void;
  delete(key: K): void;
}

/** Keeps every entry for at least `turnMs` after it was set. With fewer than `atLeast` entries it forgets none. */
export function createForgetfulMap<K, V>(turnMs: number, atLeast: number): ForgetfulMap<K, V> {
  let young = new Map<K, V>();
  let old = new Map<K, V>();
  let turnedAt = Number.NEGATIVE_INFINITY;
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value, now) {
      // A turn in the future: the clock was set back since. The next one may be now.
      const isOver = now - turnedAt >= turnMs || now < turnedAt;
      if (isOver && young.size + old.size >= atLeast) {
        old = young;
        young = new Map();
        turnedAt = now;
      }
      young.set(key, value);
    },
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
  };
}
