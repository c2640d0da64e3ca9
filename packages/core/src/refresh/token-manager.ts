import { ClosedError, isBitbucketAuthError } from "../errors.js";
import type { StoredRecord } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/token-record.js";
import { createFailureMemory } from "./failure-memory.js";
import { createFailureTeller } from "./failure-teller.js";
import { createGrantCache } from "./grant-cache.js";
import type { GrantRef } from "./grant-ref.js";
import type { RefreshContext } from "./refresh-context.js";
import { signedOut, unlessTheirs } from "./refresh-guards.js";
import { createRefreshPace } from "./refresh-pace.js";
import { freshness, type Need } from "./refresh-policy.js";
import { refreshUnderLease, type Refreshed, type RefreshReason } from "./refresh-under-lease.js";
import { createSingleFlight } from "./single-flight.js";
import { waitFor } from "./timers.js";

/** Keeps grants alive: reads, decides, refreshes once, saves, hands out. The only part of core with a memory. */
export interface TokenManager {
  /** The access token if it can be served from memory without further thought. */
  readonly cached: (account: string | undefined) => Promise<string> | undefined;
  /** A record that meets the need. An abort frees this caller and leaves a shared refresh running. */
  get(ref: GrantRef, need: Need, signal?: AbortSignal): Promise<TokenRecord>;
  /** Refreshes when the record is still older than `olderThanMs` under the lease; answers whether it did. */
  refreshIfOlder(ref: GrantRef, olderThanMs: number): Promise<boolean>;
  /** Asked before a record is saved; takes the record over when it is, unless the grant was dropped meanwhile. */
  adopting(ref: GrantRef): (record: TokenRecord) => void;
  /** Forgets what memory holds of a grant, and what is being learnt of it right now. */
  drop(ref: GrantRef): void;
  /** Whether this record exists in this process only, because the storage would not take it. */
  isUnsaved(record: TokenRecord): boolean;
  /** Resolves when nothing runs any more. The context's `closing` signal must have fired. */
  settled(): Promise<void>;
}

/** How often one caller starts over when the refresh it joined did not bring what it needs. */
const rounds = 3;

/** One per `BitbucketAuth`. */
export function createTokenManager(context: RefreshContext): TokenManager {
  const { store, clock, policy, events, closing } = context;
  const cache = createGrantCache(clock, policy);
  const failures = createFailureMemory(clock);
  const flights = createSingleFlight<TokenRecord>();
  const background = createSingleFlight<void>();
  const pace = createRefreshPace({ now: () => clock.nowFor({}) }, policy.aheadPerSecond);
  const tellFailed = createFailureTeller(events);
  const unsaved = new WeakSet<TokenRecord>();
  const isExpired = (record: TokenRecord, need: Need): boolean =>
    freshness(record, clock.nowFor(record), policy, need) === "expired";

  const isAlive = (record: TokenRecord, { rejected, minValidityMs }: Need): boolean =>
    record.accessToken !== rejected &&
    clock.nowFor(record) + Math.max(minValidityMs, 1_000) < record.accessExpiresAt;

  const refresh = async (ref: GrantRef, reason: RefreshReason): Promise<TokenRecord | undefined> => {
    const since = cache.mark(ref.account);
    const refreshed = await refreshUnderLease(context, failures, ref, reason);
    if (!refreshed) return undefined;
    const { record, redemption, saving } = refreshed;
    if (saving) unsaved.add(record);
    cache.put(ref.account, record, { unsaved: saving !== undefined, since });
    const { generation } = record;
    if (redemption && record.accessToken === redemption.mine.accessToken) {
      events.emit("refreshed", { account: ref.account, generation, recovered: redemption.recovered });
    } else if (!saving) {
      events.emit("adopted", { account: ref.account, generation });
    }
    if (saving) void background.start(`saving ${ref.key}`, () => finishSaving(ref, saving, since));
    return record;
  };
  const finishSaving = async (ref: GrantRef, late: Refreshed["saving"], since: number): Promise<void> => {
    const saved = await late;
    if (!saved) return cache.drop(ref.account);
    unsaved.delete(saved.record);
    cache.put(ref.account, saved.record, { since });
    events.emit("persisted", { account: ref.account, attempts: saved.attempts });
  };
  const refreshAhead = (ref: GrantRef): void => {
    const key = `ahead ${ref.key}`;
    if (background.current(key) || flights.current(ref.key) || closing.aborted || failures.isCooling(ref))
      return;
    if (!pace.take()) return;
    const isNeeded = (record: TokenRecord): boolean =>
      freshness(record, clock.nowFor(record), policy, { minValidityMs: 0 }) !== "fresh";
    void background.start(key, async () => {
      try {
        await refresh(ref, { need: { minValidityMs: 0 }, isNeeded, waits: false });
      } catch (error) {
        tellFailed(ref, error);
      }
    });
  };
  const drop = ({ key, account }: GrantRef): void => {
    cache.drop(account);
    // A look-up under way has read what is now out of date: whoever asks from now on looks again.
    flights.retire(key);
  };
  const serve = (ref: GrantRef, record: TokenRecord): TokenRecord => {
    if (freshness(record, clock.nowFor(record), policy, { minValidityMs: 0 }) === "due") refreshAhead(ref);
    return record;
  };
  const fromStorage = async (ref: GrantRef, need: Need): Promise<TokenRecord> => {
    const since = cache.mark(ref.account);
    const remembered = cache.get(ref.account)?.record;
    let stored: StoredRecord | null;
    try {
      stored = await store.read(ref.key);
      if (!stored && ref.account !== undefined) throw signedOut(ref.account);
      clock.atLeast(stored?.record.issuedAt);
      if (stored && !isExpired(stored.record, need)) {
        // What could not be saved yet is newer than what is stored, also for a caller who rejects it.
        if (remembered && unsaved.has(remembered)) return stored.record;
        cache.put(ref.account, stored.record, { since });
        if (remembered && remembered.accessToken !== stored.record.accessToken) {
          events.emit("adopted", { account: ref.account, generation: stored.record.generation });
        }
        return stored.record;
      }
    } catch (error) {
      if (!isBitbucketAuthError(error) || error.code !== "storage_failed") cache.drop(ref.account);
      else if (remembered && !isExpired(remembered, need)) {
        events.emit("storageFailed", { account: ref.account });
        return remembered;
      }
      throw error;
    }
    return refreshNow(ref, need, stored ?? undefined);
  };
  const refreshNow = async (
    ref: GrantRef,
    need: Need,
    justRead: StoredRecord | undefined,
  ): Promise<TokenRecord> => {
    // A refresh that was started ahead of need may be about to bring what this caller waits for.
    await background.current(`ahead ${ref.key}`);
    const ahead = cache.usable(ref.account, need);
    if (ahead) return ahead;
    try {
      const isNeeded = (stored: TokenRecord): boolean => isExpired(stored, need);
      const record = await refresh(ref, { need, isNeeded, waits: true, justRead });
      if (record) return record;
    } catch (error) {
      tellFailed(ref, error);
      // Bitbucket is down and the token has a few seconds left: they are the caller's.
      const old = justRead?.record;
      if (old && isBitbucketAuthError(error) && error.transient && isAlive(old, need)) return old;
      throw error;
    }
    throw new ClosedError("This BitbucketAuth was closed while a refresh waited.");
  };

  return {
    cached: cache.accessToken,

    async get(ref, need, signal) {
      for (let round = 1; ; round++) {
        if (closing.aborted) throw closing.reason;
        signal?.throwIfAborted();
        const remembered = cache.usable(ref.account, need);
        if (remembered) return serve(ref, remembered);
        // Somebody else's flight may have another need; one's own does all that can be done.
        const running = round < rounds ? flights.current(ref.key) : undefined;
        if (running) events.emit("joined", { account: ref.account });
        const flight =
          running?.catch(unlessTheirs(need)) ?? flights.start(ref.key, () => fromStorage(ref, need));
        const record = await waitFor(flight, [signal, closing]);
        if (record && (!running || !isExpired(record, need))) return serve(ref, record);
      }
    },

    async refreshIfOlder(ref, olderThanMs) {
      if (closing.aborted) throw closing.reason;
      // Without a refresh token there is nothing that Bitbucket could forget.
      const isNeeded = (record: TokenRecord): boolean =>
        record.refreshToken !== undefined && clock.nowFor(record) - record.obtainedAt > olderThanMs;
      let before: string | undefined;
      const record = await flights.start(`idle ${ref.key}`, async () => {
        const stored = await store.read(ref.key);
        if (!stored) throw signedOut(ref.account);
        before = stored.record.accessToken;
        if (!isNeeded(stored.record)) return stored.record;
        return (await refresh(ref, { need: { minValidityMs: 0 }, isNeeded, waits: true })) ?? stored.record;
      });
      return record.accessToken !== before;
    },

    adopting(ref) {
      const since = cache.mark(ref.account);
      return (record) => {
        const isOvertaken = cache.mark(ref.account) !== since;
        failures.forget(ref);
        drop(ref);
        if (!isOvertaken) cache.put(ref.account, record);
      };
    },

    drop,
    isUnsaved: (record) => unsaved.has(record),

    async settled() {
      await flights.settled();
      await background.settled();
    },
  };
}
