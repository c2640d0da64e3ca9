import type { TokenRecord } from "../storage/token-record.js";
import { createForgetfulMap } from "./forgetful-map.js";
import type { ServerClock } from "./server-clock.js";
import { freshness, refreshWindows, type Need, type RefreshPolicy } from "./refresh-policy.js";

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
  /** The access token if it may be served without further thought. The hot path: no allocation. */
  readonly accessToken: (account: string | undefined) => Promise<string> | undefined;
  /** What is remembered, however old. */
  get(account: string | undefined): CachedGrant | undefined;
  /** The record if it meets the need and was read recently enough. */
  usable(account: string | undefined, need: Need): TokenRecord | undefined;
  /** Taken before the storage is asked: what was learnt since then is void if the account was dropped meanwhile. */
  mark(account: string | undefined): number;
  put(account: string | undefined, record: TokenRecord, options?: PutOptions): void;
  drop(account: string | undefined): void;
}

/** Empty at first; forgets entries that nobody asked for in a while, so that idle accounts cost nothing. */
export function createGrantCache(clock: ServerClock, policy: RefreshPolicy): GrantCache {
  const grants = createForgetfulMap<string | undefined, CachedGrant>(policy.cacheMs, 1_024);
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
    accessToken(account) {
      const grant = find(account);
      if (!grant) return undefined;
      const now = clock.nowFor(grant.record);
      return now < grant.servedUntil && now >= grant.readAt ? grant.accessToken : undefined;
    },
    get: find,
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
      const { dueAt } = refreshWindows(record, policy, { minValidityMs: 0 });
      const servedUntil = unsaved ? dueAt : Math.min(dueAt, readAt + policy.cacheMs);
      const accessToken = Promise.resolve(record.accessToken);
      const grant: CachedGrant = { record, accessToken, readAt, servedUntil, unsaved };
      forget(account);
      if (unsaved) unsavedGrants.set(account, grant);
      else grants.set(account, grant, clock.nowFor({}));
    },
    drop(account) {
      forget(account);
      // Forgetting them all makes every mark void, which costs a look into the storage and nothing else.
      if (drops.size >= 10_000) {
        drops.clear();
        forgottenDrops = ++dropCount;
      }
      drops.set(account, ++dropCount);
    },
  };
}
