import type { StopSignal } from "../stop-signal.js";
import type { Clock } from "../clock.js";
import { AccessTokenRejectedError, ApiRequestError } from "../errors.js";
import type { StartTimer } from "../timer.js";
import { type ApiCall, describeCall } from "./api-call.js";
import { type ApiError, classifyApiError, readApiError } from "./api-error.js";
import { networkFailureCode } from "./network-failure.js";
import { releaseBody } from "./response-body.js";
import { withinTime } from "./time-limit.js";

export interface ApiExchangeOptions {
  readonly fetch: typeof globalThis.fetch;
  /** For the headers of an answer, and once more for the body of an error answer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly startTimer: StartTimer;
  /** Ends whatever is under way, with its reason. An answer that was handed out is the caller's. */
  readonly closing?: StopSignal | undefined;
}

/** One request and its answer, bounded in time. */
export interface ApiExchange {
  /**
   * Sends a call once, with the token while it is at home. Rejects with a transient `ApiRequestError` when no answer comes,
   * and with the caller's reason when the caller aborts.
   */
  send(call: ApiCall, token: string, signal?: AbortSignal): Promise<Response>;
  /**
   * Reads what an error answer means, using up its body. A body that does not end in time counts as empty. `sent` are the
   * tokens that went out, should Bitbucket echo one.
   */
  explain(
    call: ApiCall,
    response: Response,
    sent: readonly string[],
    signal?: AbortSignal,
  ): Promise<ApiError>;
  /** Waits between two sends. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The one place that calls `fetch` with a token. */
export function createApiExchange({
  fetch,
  timeoutMs,
  clock,
  startTimer,
  closing,
}: ApiExchangeOptions): ApiExchange {
  return {
    async send(call, token, signal) {
      const { url, method, body, extras } = call;
      const headers = call.atHome ? authorize(call.headers, token) : call.headers;
      const request = (limit: AbortSignal): Promise<Response> =>
        fetch(body.carrier ?? url.href, {
          ...extras,
          method,
          headers,
          ...(body.content !== null && { body: body.content }),
          redirect: "manual",
          signal: limit,
        });
      try {
        return await withinTime(request, {
          timeoutMs,
          startTimer,
          signal,
          closing,
          onTimeout: () => {
            throw unanswered(call, `did not answer within ${timeoutMs} ms`);
          },
          discard: releaseBody,
        });
      } catch (error) {
        signal?.throwIfAborted();
        if (closing?.aborted) throw closing.reason;
        if (error instanceof ApiRequestError) throw error;
        // Whatever a `fetch` rejects with may hold the request, and the token in it: only its code goes on.
        const code = networkFailureCode(error);
        throw unanswered(call, `could not be reached${code === undefined ? "" : ` (${code})`}`);
      }
    },

    explain(call, response, sent, signal) {
      const context = { call: describeCall(call), secrets: sent, now: clock.now() };
      return withinTime((limit) => readApiError(response, { ...context, signal: limit }), {
        timeoutMs,
        startTimer,
        signal,
        closing,
        onTimeout: () => classifyApiError(response, {}, context),
      });
    },

    pause: (ms, signal) =>
      withinTime(() => new Promise<void>(() => {}), {
        timeoutMs: ms,
        startTimer,
        signal,
        closing,
        onTimeout: () => {},
      }),
  };
}

function authorize(headers: Headers, token: string): Headers {
  const authorized = new Headers(headers);
  try {
    authorized.set("authorization", `Bearer ${token}`);
  } catch {
    // Note: the platform's error quotes the header.
    throw new AccessTokenRejectedError(
      "The access token holds characters that no header can carry. Sign in again.",
    );
  }
  return authorized;
}

function unanswered(call: ApiCall, what: string): ApiRequestError {
  return new ApiRequestError(`${describeCall(call)}: Bitbucket ${what}. Try again.`, {
    transient: true,
    action: "retry",
  });
}
