import { ClosedError, isBitbucketAuthError } from "../errors.js";
import { createSingleFlight, join, joinOrStart, lost } from "../sharing.js";
import type { StoredRecord } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/record.js";
import { waitFor, type StopSignal } from "../timing.js";
import { createRefreshAhead, type RefreshAhead } from "./ahead.js";
import { type CachedGrant, createGrantCache, type GrantCache } from "./cache.js";
import { signedOut } from "./failure.js";
import { type Caller, type GrantRef, passToPlatform, type RefreshParts } from "./parts.js";
import {
  anyToken,
  fixed,
  freshness,
  hasLastSeconds,
  isStillNeeded,
  type Need,
  type RefreshReason,
} from "./policy.js";
import { createRefresher, type Refresher } from "./refresh.js";
import type { SavedLate } from "./save.js";

/** What memory held of a grant before the storage was asked. */
interface Before {
  readonly since: number;
  readonly remembered: TokenRecord | undefined;
}

/** What a joined look-up ends with when it does not serve this caller, which then looks for itself. */
const notServed = Symbol("not served");

/** Finds the record that serves a caller: in memory, in the storage, or by a refresh that callers share. One per `BitbucketAuth`. */
export class TokenManager {
  readonly #parts: RefreshParts;
  readonly #refresher: Refresher;
  readonly #cache: GrantCache;
  readonly #ahead: RefreshAhead;
  /** Look-ups that callers share. */
  readonly #flights = createSingleFlight<TokenRecord>();
  /** Writes of tokens that the storage would not take, by grant. */
  readonly #saving = createSingleFlight<void>();
  readonly #unsaved = new WeakSet<TokenRecord>();

  constructor(parts: RefreshParts) {
    const { clock, policy } = parts;
    this.#parts = parts;
    this.#refresher = createRefresher(parts);
    this.#cache = createGrantCache(clock, policy);
    this.#ahead = createRefreshAhead(parts, {
      mayRefresh: (ref, due) => !this.#flights.current(ref.key) && !this.#refresher.isCooling(ref, due),
      refresh: async (ref, caller) =>
        this.#refresh(ref, { need: anyToken, ahead: true }, caller).catch((error: unknown) =>
          this.#refresher.tell(ref, error),
        ),
    });
  }

  /** The grant if its token can be served from memory without further thought. */
  ready(account: string | undefined): CachedGrant | undefined {
    return this.#cache.ready(account);
  }

  /**
   * The record as memory has had it for less than a minute, or as the storage has it, whatever its token is good for: never a
   * refresh. Rejects with `SignedOutError` when there is none.
   */
  async read(ref: GrantRef): Promise<TokenRecord> {
    const { closing, policy } = this.#parts;
    if (closing.aborted) throw closing.reason;
    const recent = this.#cache.recent(ref.account);
    if (recent) return recent;
    const bounds = { limitMs: policy.joinMs, signals: [closing] };
    const run = async (): Promise<TokenRecord> => this.#cache.recent(ref.account) ?? this.#read(ref);
    return joinOrStart(this.#flights, `read ${ref.key}`, run, bounds);
  }

  /** A record that meets the need. A signal frees this caller and leaves a shared refresh running. */
  async get(ref: GrantRef, need: Need, caller: Caller = {}): Promise<TokenRecord> {
    const { closing, events } = this.#parts;
    const { signal } = caller;
    for (let round = 1; ; round++) {
      if (closing.aborted) throw closing.reason;
      if (signal?.aborted) throw signal.reason;
      const remembered = this.#cache.usable(ref.account, need);
      if (remembered) return this.#serve(ref, remembered, caller);
      // A joined refresh may serve a weaker requirement. In the last round, start our own.
      const running = round < fixed.joinRounds ? this.#flights.current(ref.key) : undefined;
      if (running) {
        events.emit("joined", { account: ref.account });
        const record = await this.#join(ref, need, running, signal);
        if (record !== notServed) return this.#serve(ref, record, caller);
      } else {
        const flight = this.#flights.start(ref.key, () => this.#lookUp(ref, need, caller));
        passToPlatform(caller, flight);
        return this.#serve(ref, await waitFor(flight, [signal, closing]), caller);
      }
    }
  }

  /** Refreshes when the record is still older than `olderThanMs` under the lease; returns whether it was refreshed. */
  async refreshIfOlder(ref: GrantRef, olderThanMs: number): Promise<boolean> {
    const { closing, store, clock, policy } = this.#parts;
    if (closing.aborted) throw closing.reason;
    const reason: RefreshReason = { olderThanMs };
    let before: string | undefined;
    const record = await this.#flights.start(`idle ${ref.key}`, async () => {
      const stored = await store.read(ref.key);
      if (!stored) throw signedOut(ref.account);
      before = stored.record.accessToken;
      if (!isStillNeeded(stored.record, clock.nowFor(stored.record), policy, reason)) return stored.record;
      return (await this.#refresh(ref, reason)) ?? stored.record;
    });
    return record.accessToken !== before;
  }

  /**
   * Saves what a sign-in brought and serves it from then on, unless the grant was dropped meanwhile. `now` is when it signed
   * in, if it finds no live grant. A stored record that `stays` names is served instead.
   */
  async signIn(
    ref: GrantRef,
    record: TokenRecord,
    now: () => number,
    stays?: (stored: TokenRecord) => boolean,
  ): Promise<TokenRecord> {
    const since = this.#cache.mark(ref.account);
    const saved = await this.#refresher.saveSignIn(ref, record, now, stays);
    const isOvertaken = this.#cache.mark(ref.account) !== since;
    this.#refresher.forget(ref);
    this.drop(ref);
    if (!isOvertaken) this.#cache.put(ref.account, saved);
    return saved;
  }

  /** Forgets what memory holds of a grant, and what is being looked up of it right now. */
  drop(ref: GrantRef): void {
    this.#cache.drop(ref.account);
    // A look-up under way has read what is now out of date: later callers look again.
    this.#flights.retire(ref.key);
    this.#flights.retire(`read ${ref.key}`);
  }

  /** Whether this record exists in this process only, because the storage would not take it. */
  isUnsaved(record: TokenRecord): boolean {
    return this.#unsaved.has(record);
  }

  /** Resolves when nothing runs any more. The `closing` signal must have fired. */
  async settled(): Promise<void> {
    await this.#flights.settled();
    await this.#ahead.settled();
    await this.#saving.settled();
  }

  /**
   * Waits for a look-up that another caller began, for `joinMs`: on platforms that end what a request began with its response,
   * that look-up may never end. One that still asks for the lease of another process is alive, however long that takes.
   */
  async #join(
    ref: GrantRef,
    need: Need,
    running: Promise<TokenRecord>,
    signal: StopSignal | undefined,
  ): Promise<TokenRecord | typeof notServed> {
    const { closing, policy, clock } = this.#parts;
    // Ignores `access_token_rejected` from a joined refresh when this caller rejected no token.
    const joined = running.catch((error: unknown): typeof notServed => {
      const isTheirs = isBitbucketAuthError(error) && error.code === "access_token_rejected";
      if (need.rejected !== undefined || !isTheirs) throw error;
      return notServed;
    });
    const found = await join<TokenRecord | typeof notServed>(joined, policy.joinMs, [signal, closing], () => {
      const askedAt = this.#refresher.askedAt(ref);
      return askedAt !== undefined && clock.localNow() - askedAt < policy.joinMs;
    });
    if (found === lost) this.#flights.abandon(ref.key, running);
    return found === lost || found === notServed || this.#isExpired(found, need) ? notServed : found;
  }

  #serve(ref: GrantRef, record: TokenRecord, caller: Caller): TokenRecord {
    const { clock, policy } = this.#parts;
    if (freshness(record, clock.nowFor(record), policy, anyToken) === "due")
      this.#ahead.begin(ref, record, caller);
    return record;
  }

  /** What is stored, if it serves; else a refresh. */
  async #lookUp(ref: GrantRef, need: Need, caller: Caller): Promise<TokenRecord> {
    const before = this.#before(ref);
    const found = await this.#fromStorage(ref, before, (remembered) => !this.#isExpired(remembered, need));
    if (found && "instead" in found) return found.instead;
    if (!found || this.#isExpired(found.record, need))
      return this.#refreshNow(ref, need, caller, found ?? undefined);
    return this.#adopt(ref, found.record, before);
  }

  /** What is stored, or what is remembered while the storage is down. */
  async #read(ref: GrantRef): Promise<TokenRecord> {
    const before = this.#before(ref);
    const found = await this.#fromStorage(ref, before, () => true);
    if (!found) throw signedOut(ref.account);
    return "instead" in found ? found.instead : this.#adopt(ref, found.record, before);
  }

  #before({ account }: GrantRef): Before {
    return { since: this.#cache.mark(account), remembered: this.#cache.get(account)?.record };
  }

  /** One look at the storage. While that is down, what is remembered counts `instead` if it will do. */
  async #fromStorage(
    ref: GrantRef,
    { remembered }: Before,
    willDo: (remembered: TokenRecord) => boolean,
  ): Promise<StoredRecord | { readonly instead: TokenRecord } | null> {
    const { store, clock, events } = this.#parts;
    const { account } = ref;
    try {
      const stored = await store.read(ref.key);
      if (!stored && account !== undefined) throw signedOut(account);
      clock.atLeast(stored?.record.issuedAt);
      return stored;
    } catch (error) {
      if (!isBitbucketAuthError(error) || error.code !== "storage_failed") this.#cache.drop(account);
      else if (remembered && willDo(remembered)) {
        events.emit("storageFailed", { account, message: error.message });
        return { instead: remembered };
      }
      throw error;
    }
  }

  /** Remembers what was read. */
  #adopt({ account }: GrantRef, stored: TokenRecord, { remembered, since }: Before): TokenRecord {
    // What could not be saved yet, perhaps since this look began, is newer than what is stored, also for a caller that rejects it.
    const known = this.#cache.get(account)?.record;
    if (known && this.#unsaved.has(known)) return stored;
    this.#cache.put(account, stored, { since });
    if (remembered && remembered.accessToken !== stored.accessToken)
      this.#parts.events.emit("adopted", { account, generation: stored.generation });
    return stored;
  }

  async #refreshNow(
    ref: GrantRef,
    need: Need,
    caller: Caller,
    justRead: StoredRecord | undefined,
  ): Promise<TokenRecord> {
    const { clock } = this.#parts;
    await this.#ahead.join(ref);
    const ahead = this.#cache.usable(ref.account, need);
    if (ahead) return ahead;
    try {
      const record = await this.#refresh(ref, { need }, caller, justRead);
      if (record) return record;
    } catch (error) {
      this.#refresher.tell(ref, error);
      // Bitbucket is down and the token has a few seconds left: the caller may have them.
      const old = justRead?.record;
      const isTransient = isBitbucketAuthError(error) && error.transient;
      if (old && isTransient && hasLastSeconds(old, clock.nowFor(old), need)) return old;
      throw error;
    }
    throw new ClosedError("This BitbucketAuth was closed while a refresh waited.");
  }

  /** Refreshes, remembers what counts afterwards, and tells of it. */
  async #refresh(
    ref: GrantRef,
    reason: RefreshReason,
    caller: Caller = {},
    justRead?: StoredRecord,
  ): Promise<TokenRecord | undefined> {
    const { events, policy } = this.#parts;
    const { account } = ref;
    // The lease of tokens not saved yet may have lapsed while the storage was down, and what that has now is the spent refresh token.
    const unsaved = this.#saving.current(ref.key);
    if (unsaved && (await join(unsaved, policy.joinMs)) === lost) this.#saving.retire(ref.key);
    const since = this.#cache.mark(account);
    const refreshed = await this.#refresher.refresh(ref, reason, justRead);
    if (!refreshed) return undefined;
    const { record, how } = refreshed;
    if (how === "unsaved") this.#unsaved.add(record);
    this.#cache.put(account, record, { unsaved: how === "unsaved", since });
    const { generation } = record;
    if (how === "refreshed") {
      events.emit("refreshed", { account, generation, recovered: refreshed.recovered });
    } else if (how === "adopted") {
      events.emit("adopted", { account, generation });
    } else {
      const saving = this.#saving.start(ref.key, () => this.#finishSaving(ref, refreshed.saving, since));
      passToPlatform(caller, saving);
    }
    return record;
  }

  async #finishSaving(ref: GrantRef, late: Promise<SavedLate | undefined>, since: number): Promise<void> {
    const { account } = ref;
    const saved = await late;
    if (!saved) return this.#cache.drop(account);
    this.#unsaved.delete(saved.record);
    this.#cache.put(account, saved.record, { since });
    this.#parts.events.emit("persisted", { account, attempts: saved.attempts });
  }

  #isExpired(record: TokenRecord, need: Need): boolean {
    const { clock, policy } = this.#parts;
    return freshness(record, clock.nowFor(record), policy, need) === "expired";
  }
}
