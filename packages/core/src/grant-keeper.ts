import type { BitbucketAuth, GetTokenOptions } from "./bitbucket-auth.js";
import { assertOptions, assertSignal, chooseLogger } from "./environment.js";
import { ClosedError, InvalidOptionsError } from "./errors.js";
import { createEventHub } from "./events.js";
import { resolveOptions, type BitbucketAuthOptions, type ResolvedOptions } from "./options.js";
import { createConsumerBreaker } from "./refresh/breaker.js";
import type { CachedGrant } from "./refresh/cache.js";
import type { GrantRef, RefreshParts } from "./refresh/parts.js";
import { recordFromTokens, tokensFromRecord } from "./refresh/redeem.js";
import { createServerClock } from "./refresh/server-clock.js";
import { TokenManager } from "./refresh/token-manager.js";
import { createRunningWork, createTurns, type RunningWork } from "./sharing.js";
import { createRecordStore } from "./storage/record-store.js";
import { storageKey, type TokenKey, type TokenRecord } from "./storage/record.js";
import { createStopSource } from "./timing.js";
import { readTokenAnswer, type RequestTokens } from "./token-endpoint/answer.js";
import { basicAuthorization, sendTokenRequest } from "./token-endpoint/request.js";
import { parsePlainTokens, type PlainTokens, sealTokens, type TokenSet } from "./token-endpoint/response.js";

/**
 * Keeps the grants of one consumer: hands out valid tokens, stores new ones and removes them. `BitbucketAuth` adds the
 * sign-in, the calls of the API and the maintenance of whole storages; the config functions stand on this alone.
 */
export interface GrantKeeper {
  readonly resolved: ResolvedOptions;
  readonly parts: RefreshParts;
  readonly manager: TokenManager;
  /** What the storage keys of all its grants have in common. */
  readonly owner: Omit<TokenKey, "account">;
  /** What `close` waits for. */
  readonly work: RunningWork;
  /** No account is the consumer itself. */
  accessToken(account: string | undefined, want: GetTokenOptions | undefined): Promise<string>;
  tokens(account: string | undefined, want?: GetTokenOptions): Promise<TokenSet>;
  /** The grant if its token can be handed out at once, from memory. */
  ready(account: string): KnownGrant | undefined;
  /** The grant as memory or the storage has it, without a refresh. */
  read(account: string): Promise<KnownGrant>;
  /** The record as it is stored. */
  stored(account: string): Promise<TokenRecord | undefined>;
  /** Stores a new grant of the account in place of an older one. Emits `signedIn`. */
  save(account: string, make: () => Promise<TokenRecord>): Promise<TokenSet>;
  /**
   * As `save`, for tokens from elsewhere. Answers `false` when other tokens count: a stored record that `stays` names is left
   * in its place. Rejects with `InvalidOptionsError` for what are no tokens.
   */
  saveTokens(
    account: string,
    tokens: PlainTokens,
    stays?: (stored: TokenRecord) => boolean,
  ): Promise<boolean>;
  /** Forgets the grant of the account, here and in the storage. Emits `signedOut`. */
  remove(account: string): Promise<void>;
  close(): Promise<void>;
}

/** A grant, as far as it is known without renewing it. */
export interface KnownGrant {
  /** Since when the account is signed in, epoch ms. */
  readonly signedInAt?: number | undefined;
}

/** What may be asked of grants without causing a refresh: for packages that want to know who is signed in. */
export interface KnownGrants {
  /** The grant whose token can be handed out at once, from memory. For the hot path: no promise. */
  ready(account: string): KnownGrant | undefined;
  /**
   * From memory, or by one look at the storage, however old the token is. A grant that Bitbucket has refused to renew counts as
   * long as `getTokens()` has a token of it. Rejects as that does, but for what a refresh alone would meet.
   */
  read(account: string): Promise<KnownGrant>;
}

const keepers = new WeakMap<BitbucketAuth, KnownGrants>();

/** Lets `knownGrants()` find what is behind an object of the public interface. */
export function showGrants(auth: BitbucketAuth, grants: GrantKeeper): BitbucketAuth {
  keepers.set(auth, grants);
  return auth;
}

/** The grants behind `auth`. Of an object that `createBitbucketAuth()` did not make nothing is known before it is asked. */
export function knownGrants(auth: BitbucketAuth): KnownGrants {
  return keepers.get(auth) ?? { ready: () => undefined, read: async (account) => auth.getTokens(account) };
}

/**
 * Puts the parts together and decides nothing. `requestTokens` replaces the way to the token endpoint. Throws
 * `InvalidOptionsError`.
 */
export function createGrantKeeper(options: BitbucketAuthOptions, requestTokens?: RequestTokens): GrantKeeper {
  const resolved = resolveOptions(options);
  const { credentials, endpoints, storage, cipher, clock } = resolved;
  const closing = createStopSource();
  const events = createEventHub(chooseLogger(options.logger, options.logging));
  const store = createRecordStore(storage, cipher);
  const parts = refreshParts(options, resolved, { events, store, closing: closing.signal, requestTokens });
  const manager = new TokenManager(parts);
  const work = createRunningWork(closing.signal);
  const owner = { site: new URL(endpoints.tokenUrl).host, consumer: credentials.clientId };
  const keys = new Map<string | undefined, GrantRef>();

  const refOf = (account: string | undefined): GrantRef => {
    const known = keys.get(account);
    if (known) return known;
    const ref = { key: storageKey({ ...owner, account }), account };
    if (keys.size >= rememberedKeys) keys.clear();
    keys.set(account, ref);
    return ref;
  };
  const recordFor = async (account: string | undefined, want: GetTokenOptions): Promise<TokenRecord> => {
    assertOptions(want, "getAccessToken()", ["signal", "minValidityMs", "rejected", "waitUntil"]);
    const { signal, rejected, minValidityMs = 0, waitUntil = options.waitUntil } = want;
    assertSignal(signal);
    if (rejected !== undefined && typeof rejected !== "string")
      throw new InvalidOptionsError("rejected must be the access token that was refused.");
    if (!(minValidityMs >= 0)) throw new InvalidOptionsError("minValidityMs must be a number of 0 or more.");
    return manager.get(refOf(account), { minValidityMs, rejected }, { signal, waitUntil });
  };
  // The hot path: a Map, a clock and a promise that is already there. Closing takes it away.
  let fromMemory = (account: string | undefined): CachedGrant | undefined => manager.ready(account);
  let lastSignIn = 0;
  let lastSignOut = 0;
  // Later than every sign-out of this process, also when the clock stands still or was set back: it ends sessions from before.
  const signInTime = (): number => Math.max(clock.now(), lastSignOut + 1);
  // Twenty tabs that finish at once would otherwise overtake each other's compare-and-swap.
  const inTurn = createTurns(resolved.policy.joinMs);
  const save = async (
    account: string,
    make: () => Promise<TokenRecord>,
    stays?: (stored: TokenRecord) => boolean,
  ): Promise<TokenRecord> => {
    const ref = refOf(account);
    // The turn is taken before the record is made: making it takes a while, not always the same.
    const saved = await inTurn(ref.key, async () => manager.signIn(ref, await make(), signInTime, stays));
    lastSignIn = Math.max(lastSignIn, saved.signedInAt ?? 0);
    events.emit("signedIn", { account });
    return saved;
  };

  return {
    resolved,
    parts,
    manager,
    owner,
    work,
    accessToken(account, want) {
      if (want !== undefined) return recordFor(account, want).then(toAccessToken);
      return fromMemory(account)?.accessToken ?? recordFor(account, {}).then(toAccessToken);
    },
    async tokens(account, want = {}) {
      return tokensFor(parts, manager, await recordFor(account, want));
    },
    ready: (account) => fromMemory(account)?.record,
    async read(account) {
      const record = await manager.read(refOf(account));
      const isRefused = record.status !== "active" || record.failure?.code === "refresh_rejected";
      return isRefused ? recordFor(account, {}) : record;
    },
    stored: async (account) => (await store.read(refOf(account).key))?.record,
    async save(account, make) {
      return tokensFor(parts, manager, await save(account, make));
    },
    async saveTokens(account, tokens, stays) {
      const plain = parsePlainTokens(tokens);
      const saved = await save(account, () => recordFromTokens(parts, plain), stays);
      return saved.accessToken === plain.accessToken;
    },
    async remove(account) {
      const ref = refOf(account);
      manager.drop(ref);
      await store.remove(ref.key);
      lastSignOut = Math.max(lastSignOut, lastSignIn, clock.now());
      manager.drop(ref);
      events.emit("signedOut", { account });
    },
    async close() {
      fromMemory = () => undefined;
      closing.stop(new ClosedError("This BitbucketAuth was closed. Create another to go on."));
      await work.settled();
      await manager.settled();
    },
  };
}

/** Storage keys that are built once and kept. */
const rememberedKeys = 10_000;

function toAccessToken({ accessToken }: TokenRecord): string {
  return accessToken;
}

function tokensFor(parts: RefreshParts, manager: TokenManager, record: TokenRecord): TokenSet {
  const tokens = tokensFromRecord(record, parts.clock);
  return sealTokens(
    // Not saved yet: a caller that used the refresh token now would lose the grant for all.
    manager.isUnsaved(record) ? { ...tokens, refreshToken: undefined } : tokens,
    record.signedInAt,
  );
}

function refreshParts(
  options: BitbucketAuthOptions,
  { credentials, endpoints, fetch, timeoutMs, policy, clock, random }: ResolvedOptions,
  given: Pick<RefreshParts, "events" | "store" | "closing"> & {
    readonly requestTokens: RequestTokens | undefined;
  },
): RefreshParts {
  const { events } = given;
  const authorization = basicAuthorization(credentials);
  const { tokenUrl } = endpoints;
  const serverClock = createServerClock(clock, (skewMs) => events.emit("clockSkew", { skewMs }));
  const requestTokens: RequestTokens = async (form, grant, signal) => {
    const answer = await sendTokenRequest(form, { tokenUrl, authorization, fetch, timeoutMs, clock, signal });
    return readTokenAnswer(answer, grant);
  };
  return {
    ...given,
    clock: serverClock,
    policy,
    breaker: createConsumerBreaker(clock, (retryAt) =>
      retryAt === undefined
        ? events.emit("consumerUnblocked", { at: clock.now() })
        : events.emit("consumerBlocked", { retryAt }),
    ),
    requestTokens: given.requestTokens ?? requestTokens,
    timeoutMs,
    random,
    onUnpersisted(account, record) {
      try {
        options.onUnpersisted?.(account, tokensFromRecord(record, serverClock));
      } catch {
        // The hook is the owner's; saving must go on whatever it does.
      }
    },
  };
}
