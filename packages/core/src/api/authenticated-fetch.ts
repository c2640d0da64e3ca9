import type { StopSignal } from "../stop-signal.js";
import { type Clock, systemClock } from "../clock.js";
import { AccessTokenRejectedError } from "../errors.js";
import { startTimer as startMachineTimer, type StartTimer } from "../timer.js";
import { describeCall, readCallerRequest } from "./api-call.js";
import { classifyApiError } from "./api-error.js";
import { createApiExchange } from "./api-exchange.js";
import { readRetryDelayMs, readServerTime } from "./rate-limit.js";
import { followRedirect, isRedirect, refuseRedirect } from "./redirect-hop.js";
import { releaseBody } from "./response-body.js";

/** Hands out a token for one send. `rejected` is the token that Bitbucket has just answered 401 to. */
export interface AccessTokenSource {
  (options: { readonly rejected?: string; readonly signal?: AbortSignal }): Promise<string>;
}

/** How an authenticated `fetch` gets its tokens, and within which bounds it works. */
export interface AuthenticatedFetchOptions {
  /** The API's origin: the only place the token goes. */
  readonly apiUrl: string;
  readonly accessToken: AccessTokenSource;
  /** The one door to the network. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** From sending to the headers of the answer, for each send. A minute: a large diff takes Bitbucket a while. */
  readonly timeoutMs?: number | undefined;
  /** How long one call may wait in all for rate limits to pass. Without it a 429 rejects at once. */
  readonly rateLimitBudgetMs?: number | undefined;
  /** Told what time the API says it is, in epoch milliseconds, with each fresh answer. */
  readonly onServerTime?: ((serverTime: number) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly startTimer?: StartTimer | undefined;
  /** Ends every call under way, with its reason. An answer that was handed out stays the caller's. */
  readonly closing?: StopSignal | undefined;
}

/** Shortest pause before a rate-limited call is sent again: `Retry-After: 0` is no invitation to hammer. */
const shortestPauseMs = 1000;

/**
 * A `fetch` that calls Bitbucket's API as somebody: it puts the token on and keeps it at home.
 *
 * It takes `/2.0/user` or a whole URL of the API; anything else rejects with `ForeignOriginError` and nothing is sent. The
 * token travels in the `Authorization` header, in place of one the caller set.
 *
 * - A 401 asks for a fresh token and sends the call once more. A body that can be read only once (a stream, or the body of a
 *   `Request`) is not sent again: that call rejects with `AccessTokenRejectedError`, and the next one has the fresh token.
 * - Redirects are followed as `fetch` follows them, five at most. One that leaves the API loses the token and any cookie,
 *   and its answer, whatever it says, is the caller's. Where the runtime hides redirects, as browsers do, they reject.
 * - A 403 that names scopes rejects with `ScopeMissingError`, a 429 past the budget with `RateLimitedError`, and no answer at
 *   all with a transient `ApiRequestError`.
 * - Every other answer is returned as it came, also 403, 404, 410 and 5xx: `readApiError()` tells what it means.
 */
export function createAuthenticatedFetch({
  apiUrl,
  accessToken,
  fetch = (input, init) => globalThis.fetch(input, init),
  timeoutMs = 60_000,
  rateLimitBudgetMs = 0,
  onServerTime,
  clock = systemClock,
  startTimer = startMachineTimer,
  closing,
}: AuthenticatedFetchOptions): typeof globalThis.fetch {
  const api = new URL(apiUrl);
  const exchange = createApiExchange({ fetch, timeoutMs, clock, startTimer, closing });

  return async (input, init) => {
    const { call: firstCall, redirect, signal } = readCallerRequest(input, init, api);
    signal?.throwIfAborted();
    const abortable = signal === undefined ? {} : { signal };
    let call = firstCall;
    let token = await accessToken(abortable);
    const sent: string[] = [];
    let renewed = false;
    let hops = 0;
    let budgetMs = rateLimitBudgetMs;

    for (;;) {
      sent.push(token);
      const response = await exchange.send(call, token, signal);

      if (isRedirect(response)) {
        if (redirect === "manual") return response;
        releaseBody(response);
        if (redirect === "error") throw refuseRedirect(call, response, "this call wanted none");
        hops += 1;
        call = followRedirect(call, response, hops);
        continue;
      }

      // Note: an answer from elsewhere is not Bitbucket's. A 401 in it says nothing about the token.
      if (!call.atHome || response.redirected) return response;
      const serverTime = readServerTime(response.headers);
      if (serverTime !== undefined) onServerTime?.(serverTime);

      if (response.status === 401) {
        if (renewed) throw await exchange.explain(call, response, sent, signal);
        releaseBody(response);
        const fresh = await accessToken({ rejected: token, ...abortable });
        if (!call.body.repeatable) throw notSentAgain(describeCall(call));
        if (fresh === token) throw classifyApiError(response, {}, { call: describeCall(call) });
        token = fresh;
        renewed = true;
        continue;
      }

      if (response.status === 403) {
        const error = await exchange.explain(call, response.clone(), sent, signal);
        if (error.code !== "scope_missing") return response;
        releaseBody(response);
        throw error;
      }

      if (response.status === 429) {
        const delayMs = readRetryDelayMs(response.headers, clock.now()) ?? Number.POSITIVE_INFINITY;
        const pauseMs = Math.max(delayMs, shortestPauseMs);
        const mayWait = pauseMs <= budgetMs && call.body.repeatable;
        if (!mayWait) throw await exchange.explain(call, response, sent, signal);
        releaseBody(response);
        budgetMs -= pauseMs;
        await exchange.pause(pauseMs, signal);
        token = await accessToken(abortable);
        continue;
      }

      return response;
    }
  };
}

function notSentAgain(call: string): AccessTokenRejectedError {
  return new AccessTokenRejectedError(
    `Bitbucket no longer took the access token for ${call}, and its body can be read only once, so it was not sent again. A fresh token is ready: make the call again with a new body.`,
    { status: 401, transient: true },
  );
}
