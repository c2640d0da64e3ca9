import { AccessTokenRejectedError, isBitbucketAuthError } from "../errors.js";
import { type Clock, platformFetch, systemClock } from "../environment.js";
import { startTimer as startMachineTimer, type StartTimer, type StopSignal } from "../timing.js";
import {
  describeCall,
  encodeForm,
  isForm,
  followRedirect,
  isRedirect,
  isSignInRedirect,
  readCallerRequest,
  refuseRedirect,
} from "./call.js";
import { type ApiRefusal, createServerTimeReader, readRetryDelayMs, releaseBody } from "./error.js";
import { createApiExchange } from "./exchange.js";
import { hasMethod } from "../token-endpoint/http.js";

/** What puts a credential on API calls, whatever its kind. */
export interface AuthorizationSource {
  /** The whole value of the `Authorization` header for one send: `Bearer …`, `Basic …`. `undefined` sends none. */
  authorization(options: { readonly signal?: AbortSignal }): Promise<string | undefined>;
  /**
   * Another value, after Bitbucket answered 401 to `rejected`. Absent for a credential that cannot be renewed, which is then
   * not sent again. Rejecting with `AccessTokenRejectedError` means: `rejected` is too young for a new one to help.
   */
  renew?(options: { readonly rejected: string; readonly signal?: AbortSignal }): Promise<string | undefined>;
  /** The next step after a 401 to a credential that cannot be renewed: one sentence, the end of the error's message. */
  readonly whenRefused?: string | undefined;
}

/** Hands out an access token for one send. `rejected` is the token that Bitbucket has just answered 401 to. */
export interface AccessTokenSource {
  (options: { readonly rejected?: string; readonly signal?: AbortSignal }): Promise<string>;
}

const bearer = "Bearer ";

/** The source for access tokens that are renewed: `Bearer` in front, and the token alone in `rejected`. */
export function bearerSource(accessToken: AccessTokenSource): AuthorizationSource {
  let last: { readonly token: Promise<string>; readonly authorization: Promise<string> } | undefined;
  return {
    authorization(options) {
      const token = accessToken(options);
      // Most calls get the very promise that the last one got: nothing is built anew for them.
      if (last?.token !== token) last = { token, authorization: token.then(toBearer) };
      return last.authorization;
    },
    renew: ({ rejected, ...options }) =>
      accessToken({ rejected: rejected.slice(bearer.length), ...options }).then(toBearer),
  };
}

function toBearer(token: string): string {
  return `${bearer}${token}`;
}

/** Where an authenticated `fetch` gets its credential, and within which bounds it works. */
export interface AuthenticatedFetchOptions {
  /** The API's origin: the only place the credential goes. */
  readonly apiUrl: string;
  readonly source: AuthorizationSource;
  /** Origin of Bitbucket's site, whose repository archives may then be fetched too. Absent: the API alone. */
  readonly archivesUrl?: string | undefined;
  /** Sends every call. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Limit of each send, until the headers of the answer, in milliseconds. @default 60_000, because a large diff takes a while */
  readonly timeoutMs?: number | undefined;
  /** How long one call may wait for rate limits, all waits together, in milliseconds. @default 0: a 429 rejects at once */
  readonly rateLimitBudgetMs?: number | undefined;
  /** Receives the API's time, in epoch milliseconds, from each answer that no cache has kept. */
  readonly onServerTime?: ((serverTime: number) => void) | undefined;
  readonly clock?: Clock | undefined;
  /** Jitter of the back-off, a number in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  readonly startTimer?: StartTimer | undefined;
  /** Ends every call under way, with its reason. An answer that was handed out belongs to the caller. */
  readonly closing?: StopSignal | undefined;
}

/**
 * A `fetch` for one credential. Sends it to the API origin only.
 *
 * It takes `/2.0/user` or a whole URL of the API; anything else rejects with `ForeignOriginError` and nothing is sent. The
 * credential travels in the `Authorization` header, in place of one the caller set.
 *
 * - A 401 asks the source for another value and sends the call once more. A body that can be read only once (a stream, or the
 *   body of a `Request`) is not sent again: that call rejects with `AccessTokenRejectedError`, and the next one has the fresh
 *   token. A fresh token that is refused too, or a credential that cannot be renewed, rejects with Bitbucket's own words.
 * - Redirects are followed as `fetch` follows them, five at most. One that leaves the API loses the credential and any cookie,
 *   and its answer, whatever it says, is the caller's. Where the runtime hides redirects, as browsers do, they reject.
 * - A 403 that names scopes rejects with `ScopeMissingError`, a 429 past the budget with `RateLimitedError`, and no answer at
 *   all with a transient `ApiRequestError`.
 * - Every other answer is returned as it came, also 304, 403, 404, 410 and 5xx: `readApiError()` tells what it means.
 */
export function createAuthenticatedFetch(options: AuthenticatedFetchOptions): typeof globalThis.fetch {
  const {
    apiUrl,
    source,
    archivesUrl,
    fetch = platformFetch,
    timeoutMs = 60_000,
    rateLimitBudgetMs = 0,
    onServerTime,
    clock = systemClock,
    random = Math.random,
    startTimer = startMachineTimer,
    closing,
  } = options;
  const origins = {
    api: new URL(apiUrl),
    site: archivesUrl === undefined ? undefined : new URL(archivesUrl),
  };
  const exchange = createApiExchange({ fetch, timeoutMs, clock, startTimer, closing });
  const readServerTime = createServerTimeReader();

  return async (input, init) => {
    const { call: firstCall, redirect, signal } = readCallerRequest(input, init, origins);
    if (signal?.aborted) throw signal.reason;
    const abortable = signal === undefined ? noOptions : { signal };
    // A `fetch` that was passed may not know the platform's `FormData` and `Blob`.
    let call = fetch !== platformFetch && isForm(firstCall) ? await encodeForm(firstCall) : firstCall;
    let authorization = await source.authorization(abortable);
    const sent: string[] = [];
    let renewed = false;
    let hops = 0;
    let limited = 0;
    let budgetMs = rateLimitBudgetMs;

    for (;;) {
      if (authorization !== undefined) sent.push(authorization);
      const response = await exchange.send(call, authorization, signal);
      const signInWanted = isSignInRedirect(call, response, origins);

      if (isRedirect(response) && !signInWanted) {
        if (redirect === "manual") return response;
        releaseBody(response);
        if (redirect === "error") throw refuseRedirect(call, response, "this call wanted none");
        hops += 1;
        call = followRedirect(call, response, hops, origins);
        continue;
      }

      // Note: an answer from elsewhere is not Bitbucket's. A 401 in it says nothing about the credential.
      if (!call.carriesCredential || response.redirected) return response;
      const serverTime = onServerTime && readServerTime(response.headers);
      if (serverTime !== undefined) onServerTime?.(serverTime);

      if (response.status === 401 || signInWanted) {
        const renewal = renewed ? isFresh : await renew(source, authorization, response, abortable);
        if ("refusal" in renewal) {
          throw await exchange.explain(call, signInWanted ? signInAnswer(response) : response, sent, {
            signal,
            refusal: renewal.refusal,
          });
        }
        releaseBody(response);
        if (!call.body.repeatable) throw notSentAgain(describeCall(call));
        authorization = renewal.authorization;
        renewed = true;
        continue;
      }

      // Note: what stands in for a Response in a test often has no `clone`, and its body is the caller's.
      if (response.status === 403 && hasMethod(response, "clone")) {
        const error = await exchange.explain(call, response.clone(), sent, { signal });
        if (error.code !== "scope_missing") return response;
        releaseBody(response);
        throw error;
      }

      if (response.status === 429) {
        const delayMs = readRetryDelayMs(response.headers, clock.now()) ?? backOffMs(limited, random);
        const pauseMs = Math.max(delayMs, shortestPauseMs);
        const mayWait = pauseMs <= budgetMs && call.body.repeatable;
        if (!mayWait) throw await exchange.explain(call, response, sent, { signal });
        releaseBody(response);
        limited += 1;
        budgetMs -= pauseMs;
        await exchange.pause(pauseMs, signal);
        authorization = await source.authorization(abortable);
        continue;
      }

      return response;
    }
  };
}

const noOptions = {};

/** Shortest pause before a rate-limited call is sent again, also after `Retry-After: 0`. */
const shortestPauseMs = 1000;
/** Longest step of the back-off where Bitbucket does not say how long to wait. Its limits roll over an hour. */
const longestStepMs = 60_000;

/** How long to wait after the `count`th 429 that names no time: 1, 2, 4 … s, and up to a quarter more of each. */
function backOffMs(count: number, random: () => number): number {
  return Math.min(shortestPauseMs * 2 ** count, longestStepMs) * (1 + random() / 4);
}

type Renewal = { readonly authorization: string | undefined } | { readonly refusal: ApiRefusal };
const isFresh: Renewal = { refusal: { kind: "fresh" } };

/** Asks for another value after a 401. The answer's body is kept for its words unless the source itself rejects. */
async function renew(
  source: AuthorizationSource,
  rejected: string | undefined,
  response: Response,
  abortable: { readonly signal?: AbortSignal },
): Promise<Renewal> {
  if (source.renew === undefined || rejected === undefined)
    return { refusal: { kind: "fixed", nextStep: source.whenRefused } };
  try {
    const authorization = await source.renew({ rejected, ...abortable });
    return authorization === rejected ? { refusal: { kind: "unknown" } } : { authorization };
  } catch (error) {
    if (isBitbucketAuthError(error) && error.code === "access_token_rejected")
      return { refusal: { kind: "fresh", retryAt: error.retryAt, account: error.account } };
    releaseBody(response);
    throw error;
  }
}

/** Bitbucket's site answers a missing or refused credential with a redirect to its sign-in page: that is its 401. */
function signInAnswer(response: Response): Response {
  releaseBody(response);
  return new Response("Bitbucket's site asks for a sign-in.", { status: 401 });
}

function notSentAgain(call: string): AccessTokenRejectedError {
  return new AccessTokenRejectedError(
    `Bitbucket no longer accepts the access token sent with ${call}. The body can be read only once, so the call was not sent again. A fresh token is ready: make the call again with a new body.`,
    { status: 401, transient: true },
  );
}
