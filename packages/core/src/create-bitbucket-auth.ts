import { createAuthenticatedFetch } from "./api/authenticated-fetch.js";
import { createSignIn } from "./authorization/sign-in.js";
import type { BitbucketAuth, GetTokenOptions } from "./bitbucket-auth.js";
import { resolveOptions, type BitbucketAuthOptions, type ResolvedOptions } from "./bitbucket-auth-options.js";
import { ClosedError } from "./errors.js";
import { createEventHub } from "./events.js";
import { chooseLogger } from "./logger.js";
import { createConsumerBreaker } from "./refresh/consumer-breaker.js";
import type { GrantRef } from "./refresh/grant-ref.js";
import { keepGrantsAlive } from "./refresh/keep-alive.js";
import { recordFromTokens, tokensFromRecord } from "./refresh/record-from-response.js";
import type { RefreshContext, RequestTokens } from "./refresh/refresh-context.js";
import type { Need } from "./refresh/refresh-policy.js";
import { saveSignIn } from "./refresh/save-sign-in.js";
import { createServerClock } from "./refresh/server-clock.js";
import { createTurns } from "./refresh/turns.js";
import { createTokenManager, type TokenManager } from "./refresh/token-manager.js";
import { createRecordStore } from "./storage/record-store.js";
import { rekeyRecords } from "./storage/rekey.js";
import { createRunningWork } from "./running-work.js";
import { createStopSource } from "./stop-signal.js";
import { consumerPrefix, storageKey, userKeyPrefix } from "./storage/token-key.js";
import type { TokenRecord } from "./storage/token-record.js";
import { basicAuthorization } from "./token-endpoint/consumer-credentials.js";
import { parsePlainTokens } from "./token-endpoint/parse-plain-tokens.js";
import { readTokenAnswer } from "./token-endpoint/token-answer.js";
import { sendTokenRequest } from "./token-endpoint/token-request.js";
import { sealTokens, type TokenSet } from "./token-endpoint/token-set.js";

/**
 * Makes the one object a program needs: sign people in with it, and ask it for tokens.
 *
 * Throws `InvalidOptionsError` before anything is sent or written.
 */
export function createBitbucketAuth(options: BitbucketAuthOptions = {}): BitbucketAuth {
  return assembleBitbucketAuth(options).auth;
}

/** A `BitbucketAuth` and the parts of it that the config functions need. */
export interface AssembledBitbucketAuth {
  readonly auth: BitbucketAuth;
  readonly context: RefreshContext;
  /** Reads the record as it is stored. */
  readonly stored: (account: string) => Promise<TokenRecord | undefined>;
}

/** Puts the parts together and decides nothing. `requestTokens` replaces the way to the token endpoint. */
export function assembleBitbucketAuth(
  options: BitbucketAuthOptions,
  requestTokens?: RequestTokens,
): AssembledBitbucketAuth {
  const resolved = resolveOptions(options);
  const { credentials, endpoints, storage, cipher, fetch, clock } = resolved;
  const closing = createStopSource();
  const events = createEventHub(chooseLogger(options.logger, options.logging));
  const store = createRecordStore(storage, cipher);
  const context = refreshContext(options, resolved, {
    events,
    store,
    closing: closing.signal,
    requestTokens,
  });
  const manager = createTokenManager(context);
  const work = createRunningWork(closing.signal);
  const signIn = createSignIn(resolved, context);
  const owner = { site: new URL(endpoints.tokenUrl).host, consumer: credentials.clientId };
  const keys = new Map<string | undefined, GrantRef>();

  const refOf = (account: string | undefined): GrantRef => {
    const known = keys.get(account);
    if (known) return known;
    const ref = { key: storageKey({ ...owner, account }), account };
    if (keys.size > 10_000) keys.clear();
    keys.set(account, ref);
    return ref;
  };
  const recordFor = async (account: string | undefined, want: GetTokenOptions): Promise<TokenRecord> => {
    const { signal, rejected, minValidityMs = 0 } = want;
    const need: Need = { minValidityMs, rejected };
    return manager.get(refOf(account), need, signal);
  };
  const lookUp = async (account: string | undefined, want: GetTokenOptions): Promise<string> =>
    (await recordFor(account, want)).accessToken;
  // The hot path: a Map, a clock and a promise that is already there. Closing takes it away.
  let fromMemory = manager.cached;
  const accessTokenFor = (account?: string, want?: GetTokenOptions): Promise<string> =>
    (want === undefined ? fromMemory(account) : undefined) ?? lookUp(account, want ?? {});
  // Twenty tabs that finish at once would otherwise undo each other's compare-and-swap.
  const inTurn = createTurns();
  const save = async (account: string, record: TokenRecord): Promise<TokenRecord> => {
    const ref = refOf(account);
    const adopt = manager.adopting(ref);
    const saved = await inTurn(ref.key, () => saveSignIn(context, ref, record));
    adopt(saved);
    events.emit("signedIn", { account });
    return saved;
  };

  const auth: BitbucketAuth = {
    getAccessToken: accessTokenFor,

    async getTokens(account, want) {
      const record = await recordFor(account, want ?? {});
      return tokensFor(context, manager, record);
    },

    startAuthorization: async (start) => signIn.start(start?.redirectUri),

    finishAuthorization: (answer) =>
      work.run(async () => {
        const { account, record } = await signIn.obtain(answer);
        const saved = await save(account, record);
        return { account, tokens: tokensFor(context, manager, saved) };
      }),

    saveTokens: (account, tokens) =>
      work.run(async () => {
        await save(account, await recordFromTokens(context, parsePlainTokens(tokens)));
      }),

    signOut: (account) =>
      work.run(async () => {
        const ref = refOf(account);
        manager.drop(ref);
        await store.remove(ref.key);
        manager.drop(ref);
        events.emit("signedOut", { account });
      }),

    fetchFor: (account, limits) =>
      createAuthenticatedFetch({
        ...limits,
        apiUrl: endpoints.apiUrl,
        accessToken: (need) =>
          accessTokenFor(account, need.rejected === undefined && !need.signal ? undefined : need),
        fetch,
        clock,
        closing: closing.signal,
        onServerTime: (serverTime) => context.clock.learn(serverTime, clock.now()),
      }),

    keepAlive: (walk) =>
      work.run(() => keepGrantsAlive({ storage, manager, prefix: userKeyPrefix(owner) }, walk ?? {})),
    rekey: (watch) =>
      work.run(() =>
        rekeyRecords(store, consumerPrefix(owner), (report) => {
          watch?.onProgress?.(report);
          if (closing.signal.aborted) throw closing.signal.reason;
        }),
      ),

    on: (event, listener) => events.on(event, listener),

    async close() {
      fromMemory = () => undefined;
      closing.stop(new ClosedError("This BitbucketAuth was closed. Create another to go on."));
      await work.settled();
      await manager.settled();
    },
  };
  return {
    auth,
    context,
    stored: async (account) => (await store.read(refOf(account).key))?.record,
  };
}

function tokensFor(context: RefreshContext, manager: TokenManager, record: TokenRecord): TokenSet {
  const tokens = tokensFromRecord(record, context.clock);
  // Not saved yet: whoever got the refresh token now could lose it for everybody.
  return sealTokens(manager.isUnsaved(record) ? { ...tokens, refreshToken: undefined } : tokens);
}

function refreshContext(
  options: BitbucketAuthOptions,
  { credentials, endpoints, fetch, timeoutMs, policy, clock, random }: ResolvedOptions,
  parts: Pick<RefreshContext, "events" | "store" | "closing"> & {
    readonly requestTokens: RequestTokens | undefined;
  },
): RefreshContext {
  const { events } = parts;
  const authorization = basicAuthorization(credentials);
  const { tokenUrl } = endpoints;
  const serverClock = createServerClock(clock, (skewMs) => events.emit("clockSkew", { skewMs }));
  const requestTokens: RequestTokens = async (form, grant, signal) => {
    const answer = await sendTokenRequest(form, { tokenUrl, authorization, fetch, timeoutMs, clock, signal });
    return readTokenAnswer(answer, grant);
  };
  return {
    ...parts,
    clock: serverClock,
    policy,
    breaker: createConsumerBreaker(clock, (retryAt) =>
      retryAt === undefined
        ? events.emit("consumerUnblocked", { at: clock.now() })
        : events.emit("consumerBlocked", { retryAt }),
    ),
    requestTokens: parts.requestTokens ?? requestTokens,
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
