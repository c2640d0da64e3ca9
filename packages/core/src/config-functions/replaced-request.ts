import type { ResolvedOptions } from "../bitbucket-auth-options.js";
import { isBitbucketAuthError, TokenRequestError } from "../errors.js";
import type { RequestTokens } from "../refresh/refresh-context.js";
import { waitFor } from "../refresh/timers.js";
import { readTokenAnswer, type TokenAnswer } from "../token-endpoint/token-answer.js";
import { sendRequest, type RequestFunctions, type WireBody } from "./request-functions.js";

/** Sends token requests through the caller's functions; whatever they answer is read as strictly as Bitbucket's own words. */
export function requestThrough(
  functions: Partial<RequestFunctions>,
  { credentials, endpoints, fetch, timeoutMs, clock }: ResolvedOptions,
): RequestTokens {
  const { clientId: consumerKey, clientSecret: consumerSecret } = credentials;
  return async (payload, grant, signal) => {
    const startedAt = clock.now();
    const request = {
      payload,
      consumerKey,
      consumerSecret,
      url: endpoints.tokenUrl,
      fetch,
      timeoutMs,
      clock,
      signal,
    };
    try {
      const send = async (): Promise<WireBody> =>
        (functions.sendRequest ?? sendRequest)({ ...functions, ...request });
      // A caller's function may ignore its signal.
      const body = await waitFor(send(), [signal]);
      return readTokenAnswer(
        {
          kind: "answered",
          status: 200,
          contentType: "application/json",
          body: JSON.stringify(body),
          bodyTooLarge: false,
          startedAt,
        },
        grant,
      );
    } catch (error) {
      return answerOf(error, clock.now());
    }
  };
}

/** What a thrown error says of the request. One that is not ours says nothing: the request may have been sent. */
function answerOf(error: unknown, now: number): TokenAnswer {
  if (isBitbucketAuthError(error)) {
    switch (error.code) {
      case "refresh_rejected":
        return { kind: error.certainty === "certain" ? "dead" : "doubtful", error };
      case "token_request_rejected":
        return { kind: "misconfigured", error };
      case "token_request_failed":
        if (error.status !== 429 && error.status !== 503) return { kind: "ambiguous", error };
        return {
          kind: "not_redeemed",
          error,
          ...(error.retryAt !== undefined && { retryAfterMs: Math.max(0, error.retryAt - now) }),
        };
      case "token_response_invalid":
        return { kind: "ambiguous", error };
      default:
        break;
    }
  }
  const name = error instanceof Error ? error.name : typeof error;
  return {
    kind: "ambiguous",
    error: new TokenRequestError(
      `sendRequest threw (${name}). Throw one of this package's errors to say what went wrong.`,
    ),
  };
}
