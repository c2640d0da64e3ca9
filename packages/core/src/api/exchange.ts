import { AccessTokenRejectedError, ApiRequestError } from "../errors.js";
import type { Clock } from "../environment.js";
import { codeOfThrown } from "../text.js";
import { anySignal, type StartTimer, type StopSignal, withinTime } from "../timing.js";
import { secretsInAuthorization } from "../token-endpoint/request.js";
import { connectFailureAdvice, connectFailureCode, hasMethod } from "../token-endpoint/http.js";
import { type ApiCall, describeCall } from "./call.js";
import {
  type ApiError,
  type ApiRefusal,
  classifyApiError,
  explainAnswer,
  networkFailureCode,
  releaseBody,
} from "./error.js";

/** One request and its answer, bounded in time. The only place that calls `fetch` with an `Authorization` header. */
export interface ApiExchange {
  /**
   * Sends a call once, with `authorization` as the whole header value if the call carries a credential. Rejects with a transient
   * `ApiRequestError` when no answer comes, and with the caller's reason when the caller aborts.
   */
  send(call: ApiCall, authorization: string | undefined, signal?: AbortSignal): Promise<Response>;
  /**
   * Reads what an error answer means, using up its body. A body that does not end in time counts as empty. `sent` are the
   * header values that went out, in case Bitbucket echoes one.
   */
  explain(
    call: ApiCall,
    response: Response,
    sent: readonly string[],
    options?: { readonly signal?: AbortSignal | undefined; readonly refusal?: ApiRefusal | undefined },
  ): Promise<ApiError>;
  /** Waits between two sends. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What an exchange works with. */
export interface ApiExchangeOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Limit until the headers of an answer, and again for the body of an error answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly startTimer: StartTimer;
  /** Ends every call under way, with its reason. An answer that was handed out belongs to the caller. */
  readonly closing?: StopSignal | undefined;
}

/** A request that has no answer yet, in the list of all of them. */
interface Send {
  readonly call: ApiCall;
  readonly deadline: number;
  readonly abort: AbortController;
  readonly reject: (reason: unknown) => void;
  stopListening: (() => void) | undefined;
  isUnderWay: boolean;
  previous: Send | undefined;
  next: Send | undefined;
}

/**
 * Makes an exchange.
 *
 * Thousands of sends may be under way. They share one timer and one listener on `closing`: all have the same time to answer, so
 * a list in the order of sending is in the order of the deadlines too, and the timer is always set for the oldest.
 */
export function createApiExchange(options: ApiExchangeOptions): ApiExchange {
  const { fetch, timeoutMs, clock, startTimer, closing } = options;
  const authorize = createAuthorizer();
  let oldest: Send | undefined;
  let newest: Send | undefined;
  let stopTimer: (() => void) | undefined;

  const setTimer = (forSend: Send, ms: number): void => {
    stopTimer = startTimer(ms, () => {
      // The timer decides and not the clock, which may be behind it: the send it was set for is over time, and so are all before it.
      const now = Math.max(performance.now(), forSend.deadline);
      stopTimer = undefined;
      while (oldest !== undefined && oldest.deadline <= now) {
        stop(oldest, unanswered(oldest.call, `did not answer within ${timeoutMs} ms`));
      }
      // An abort may have made its listener send again, and that has set the timer already.
      if (oldest !== undefined && stopTimer === undefined) setTimer(oldest, oldest.deadline - now);
    });
  };
  const stopAll = (): void => {
    while (oldest !== undefined) stop(oldest, closing?.reason);
  };
  const enter = (send: Send): void => {
    send.previous = newest;
    if (newest === undefined) {
      oldest = send;
      closing?.addEventListener("abort", stopAll);
      setTimer(send, timeoutMs);
    } else newest.next = send;
    newest = send;
  };
  /** Takes a send off the list; `false` when it was off already. Whatever came of it then is too late. */
  const leave = (send: Send): boolean => {
    if (!send.isUnderWay) return false;
    send.isUnderWay = false;
    send.stopListening?.();
    const { previous, next } = send;
    if (previous === undefined) oldest = next;
    else previous.next = next;
    if (next === undefined) newest = previous;
    else next.previous = previous;
    if (oldest === undefined) {
      stopTimer?.();
      stopTimer = undefined;
      closing?.removeEventListener("abort", stopAll);
    }
    return true;
  };
  const stop = (send: Send, reason: unknown): void => {
    if (!leave(send)) return;
    send.reject(reason);
    send.abort.abort(reason);
  };

  return {
    send(call, authorization, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted === true) throw signal.reason;
        if (closing?.aborted === true) throw closing.reason;
        const headers = call.carriesCredential ? authorize(call.headers, authorization) : call.headers;
        const abort = new AbortController();
        const send: Send = {
          call,
          deadline: performance.now() + timeoutMs,
          abort,
          reject,
          stopListening: undefined,
          isUnderWay: true,
          previous: undefined,
          next: undefined,
        };
        const limit = signal === undefined ? abort.signal : anySignal([signal, abort.signal]);
        if (signal !== undefined) {
          // On a signal of its own: Node warns at the eleventh listener of the caller's.
          const onAbort = (): void => stop(send, signal.reason);
          limit.addEventListener("abort", onAbort);
          send.stopListening = () => limit.removeEventListener("abort", onAbort);
        }
        enter(send);
        const fail = (error: unknown): void => {
          if (leave(send)) reject(unreachable(call, error));
        };
        const take = (response: Response): void => {
          if (!isAnswer(response)) {
            const message = `${describeCall(call)}: the \`fetch\` that was passed answered with something that is no Response. Check the \`fetch\` option.`;
            if (leave(send)) reject(misused(message));
          } else if (leave(send)) resolve(response);
          else releaseBody(response);
        };
        let answering: Promise<Response>;
        try {
          // Note: a `fetch` of the caller's may answer without a promise.
          answering = Promise.resolve(fetch(call.body.carrier ?? call.href, requestOf(call, headers, limit)));
        } catch (error) {
          const message = `${describeCall(call)}: nothing was sent, because calling \`fetch\` threw (${codeOfThrown(error)}). Check the \`fetch\` option.`;
          if (leave(send)) reject(misused(message));
          return;
        }
        answering.then(take, fail);
      });
    },

    explain(call, response, sent, { signal, refusal } = {}) {
      const secrets = sent.flatMap(secretsInAuthorization);
      const context = { call: describeCall(call), secrets, now: clock.now(), refusal };
      return withinTime((limit) => explainAnswer(response, { ...context, signal: limit }), {
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

function requestOf(
  { method, body, extras }: ApiCall,
  headers: HeadersInit | undefined,
  signal: AbortSignal,
): RequestInit {
  // Note: written out without a spread for the usual call, which this is made for thousands of times a second.
  const request: RequestInit =
    extras === undefined
      ? { method, redirect: "manual", signal }
      : { ...extras, method, redirect: "manual", signal };
  if (headers !== undefined) request.headers = headers;
  if (body.content !== null) request.body = body.content;
  return request;
}

/** What a header can carry (RFC 9110 section 5.5), without white space at either end. */
const sendable = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;

/** Puts the `Authorization` header on. Calls without headers of their own share one object for as long as the value stays. */
function createAuthorizer(): (
  headers: Headers | undefined,
  authorization: string | undefined,
) => HeadersInit | undefined {
  let last: { readonly authorization: string } | undefined;
  return (headers, authorization) => {
    if (authorization === undefined) return headers;
    if (last?.authorization !== authorization) {
      if (!sendable.test(authorization)) {
        throw new AccessTokenRejectedError(
          "The credential contains characters that an HTTP header cannot carry, so nothing was sent. Sign in again, or correct the credential.",
        );
      }
      last = Object.freeze({ authorization });
    }
    if (headers === undefined) return last;
    const authorized = new Headers(headers);
    authorized.set("authorization", authorization);
    return authorized;
  };
}

/** An error of `fetch` may hold the request, and the credential in it: only its code goes on. */
function unreachable(call: ApiCall, error: unknown): ApiRequestError {
  const reason = connectFailureCode(error);
  const lasting = reason === undefined ? undefined : connectFailureAdvice(reason);
  if (lasting !== undefined) {
    const [problem, advice] = lasting;
    const { host } = new URL(call.href);
    return misused(`${describeCall(call)}: ${host} ${problem}. Nothing was sent. ${advice}`);
  }
  if (reason !== undefined)
    return retryable(
      `${describeCall(call)}: Bitbucket could not be reached (${reason}). Nothing was sent. Try again.`,
    );
  const code = networkFailureCode(error);
  return unanswered(call, `gave no answer${code === undefined ? "" : ` (${code})`}`);
}

/** Whether it is an answer, judged by what is read of it: any `fetch` may be passed. */
function isAnswer(response: unknown): boolean {
  if (typeof response !== "object" || response === null) return false;
  const headers: unknown = Reflect.get(response, "headers");
  return (
    typeof Reflect.get(response, "status") === "number" &&
    hasMethod(headers, "get") &&
    hasMethod(headers, "has")
  );
}

function misused(message: string): ApiRequestError {
  return new ApiRequestError(message, { transient: false, action: "fix_config" });
}

/** The request may have arrived all the same. */
function unanswered(call: ApiCall, what: string): ApiRequestError {
  const next = /^(?:GET|HEAD|OPTIONS)$/.test(call.method)
    ? "Try again."
    : "It may have been carried out: look before you try again.";
  return retryable(`${describeCall(call)}: Bitbucket ${what}. ${next}`);
}

function retryable(message: string): ApiRequestError {
  return new ApiRequestError(message, { transient: true, action: "retry" });
}
