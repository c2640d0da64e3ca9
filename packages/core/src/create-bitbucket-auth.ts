import { bearerSource, createAuthenticatedFetch } from "./api/fetch.js";
import { createSignIn } from "./authorization/sign-in.js";
import type { BitbucketAuth, FetchForOptions, GetTokenOptions } from "./bitbucket-auth.js";
import {
  assertAccount,
  assertOptions,
  assertSignal,
  assertTimeLimit,
  type CallerArguments,
  readCaller,
} from "./environment.js";
import { InvalidOptionsError } from "./errors.js";
import { createGrantKeeper, showGrants } from "./grant-keeper.js";
import { keepGrantsAlive, rekeyRecords } from "./maintenance.js";
import type { BitbucketAuthOptions } from "./options.js";
import { consumerPrefix, userKeyPrefix } from "./storage/record.js";

/**
 * Makes the one object a program needs: sign users in with it, and ask it for tokens.
 *
 * Throws `InvalidOptionsError` before anything is sent or written.
 */
export function createBitbucketAuth(options: BitbucketAuthOptions = {}): BitbucketAuth {
  const grants = createGrantKeeper(options);
  const { resolved, parts, manager, owner, work } = grants;
  const { endpoints, storage, fetch, clock, random } = resolved;
  const { closing, events, store } = parts;
  const signIn = createSignIn(resolved, parts);

  const auth: BitbucketAuth = {
    getAccessToken(account?: CallerArguments<GetTokenOptions>[0], want?: GetTokenOptions) {
      // The usual calls first: no checked copy of the arguments, no further promise. Note: `arguments`, because a rest parameter
      // would allocate an array for each call.
      const count = arguments.length;
      if (count === 0) return grants.accessToken(undefined, undefined);
      if (count === 1 && typeof account === "string" && account.trim() !== "")
        return grants.accessToken(account, undefined);
      const args: CallerArguments<GetTokenOptions> = count === 1 ? [account] : [account, want];
      return rejecting(() => grants.accessToken(...readCaller(args, "getAccessToken()")));
    },

    getTokens: (...args: CallerArguments<GetTokenOptions>) =>
      rejecting(() => grants.tokens(...readCaller(args, "getTokens()"))),

    async startAuthorization(start = {}) {
      assertOptions(start, "startAuthorization()", ["redirectUri"]);
      return signIn.start(start.redirectUri);
    },

    finishAuthorization: (answer) =>
      work.run(async () => {
        const { account, record, user } = await signIn.obtain(answer);
        const tokens = await grants.save(account, async () => record);
        return { account, tokens, ...(user && { user }) };
      }),

    saveTokens: (account, tokens) =>
      work.run(async () => {
        assertAccount(account, "saveTokens()");
        await grants.saveTokens(account, tokens);
      }),

    signOut: (account) =>
      work.run(async () => {
        assertAccount(account, "signOut()");
        await grants.remove(account);
      }),

    fetchFor(...args: CallerArguments<FetchForOptions>) {
      const [account, limits = {}] = readCaller(args, "fetchFor()");
      assertOptions(limits, "fetchFor()", ["timeoutMs", "rateLimitBudgetMs", "archives", "waitUntil"]);
      const { timeoutMs, rateLimitBudgetMs, waitUntil, archives = false } = limits;
      if (timeoutMs !== undefined) assertTimeLimit(timeoutMs, "timeoutMs");
      if (rateLimitBudgetMs !== undefined && !(rateLimitBudgetMs >= 0))
        throw new InvalidOptionsError("rateLimitBudgetMs must be a number of milliseconds, 0 or more.");
      return createAuthenticatedFetch({
        timeoutMs,
        rateLimitBudgetMs,
        apiUrl: endpoints.apiUrl,
        archivesUrl: archives ? new URL(endpoints.authorizationUrl).origin : undefined,
        source: bearerSource((need) =>
          need.rejected === undefined && !need.signal && !waitUntil
            ? grants.accessToken(account, undefined)
            : grants.accessToken(account, waitUntil ? { ...need, waitUntil } : need),
        ),
        fetch,
        clock,
        random,
        closing,
        onServerTime: (serverTime) => parts.clock.learn(serverTime, clock.now()),
      });
    },

    keepAlive: (walk = {}) =>
      work.run(async () => {
        assertOptions(walk, "keepAlive()", ["olderThanMs", "signal", "onProgress"]);
        assertSignal(walk.signal);
        return keepGrantsAlive({ storage, manager, prefix: userKeyPrefix(owner) }, walk);
      }),

    rekey: (watch = {}) =>
      work.run(async () => {
        assertOptions(watch, "rekey()", ["onProgress"]);
        return rekeyRecords(store, consumerPrefix(owner), (report) => {
          watch.onProgress?.(report);
          if (closing.aborted) throw closing.reason;
        });
      }),

    on: (event, listener) => events.on(event, listener),
    close: () => grants.close(),
  };
  return showGrants(auth, grants);
}

/** Rejects with what the call throws at once. */
async function rejecting<T>(call: () => Promise<T>): Promise<T> {
  return call();
}
