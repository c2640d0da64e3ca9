import * as z from "zod/mini";
import {
  InvalidOptionsError,
  TokenResponseInvalidError,
  isBitbucketAuthError,
  TokenRequestError,
} from "../errors.js";
import { assertObject, bitbucketCloud, type Clock } from "../environment.js";
import { type ResolvedOptions } from "../options.js";
import { createRedactor } from "../redact.js";
import { lazy, nameOfThrown } from "../text.js";
import { waitFor } from "../timing.js";
import {
  readTokenAnswer,
  type GrantType,
  type RequestTokens,
  type TokenAnswer,
} from "../token-endpoint/answer.js";
import { basicAuthorization, sendTokenRequest, type WireAnswer } from "../token-endpoint/request.js";

/** A token request's form as it goes over the wire, `grant_type` in it. */
export type WireForm = Readonly<Record<string, string>>;
/** A token response's JSON object as it came over the wire. */
export type WireBody = Readonly<Record<string, unknown>>;
/** What the token endpoint answered, as the replaceable functions see it. */
export interface TokenHttpResponse {
  readonly status: number;
  readonly contentType: string | null;
  /** The body as text; nothing in it has been checked. */
  readonly body: string;
}

/** The parts of a token request that a caller may replace, each alone. The defaults are exported under the same names. */
export interface RequestFunctions {
  /** Sends `opts.payload` and answers with the body, or throws. What it answers is checked like any other answer. */
  sendRequest(opts: RequestFunctionOptions): Promise<WireBody> | WireBody;
  /** Makes the function that turns a response into a body or an error. */
  createRequestHandler(
    opts: RequestFunctionOptions,
  ): (res: TokenHttpResponse) => Promise<WireBody> | WireBody;
  isSuccess(res: TokenHttpResponse): boolean;
  isUnauthorized(res: TokenHttpResponse): boolean;
  handleSuccess(opts: ResponseFunctionOptions): Promise<WireBody> | WireBody;
  /** Throws. What it throws ends the request. */
  handleError(opts: ResponseFunctionOptions): Promise<WireBody> | WireBody;
}

/** The functions that a caller has replaced. */
export type ReplacedFunctions = {
  readonly [Name in keyof RequestFunctions]?: RequestFunctions[Name] | undefined;
};

/** What `sendRequest` and `createRequestHandler` are given. It holds the consumer's secret: do not log it. */
export interface RequestFunctionOptions extends ReplacedFunctions {
  readonly payload: WireForm;
  readonly consumerKey: string;
  readonly consumerSecret: string;
  /** The token endpoint. @default Bitbucket Cloud's */
  readonly url?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For the whole request, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What `handleSuccess` and `handleError` are given. */
export interface ResponseFunctionOptions extends RequestFunctionOptions {
  readonly res: TokenHttpResponse;
  /** What `isUnauthorized` said. */
  readonly unauthorized: boolean;
}

/**
 * Posts the payload to the token endpoint once and lets the handler read the answer. Rejects with `TokenRequestError` when no
 * answer comes, and with whatever the handler throws.
 */
export async function sendRequest(opts: RequestFunctionOptions): Promise<WireBody> {
  assertObject(opts, "The argument of sendRequest()");
  const {
    payload,
    consumerKey,
    consumerSecret,
    url = bitbucketCloud.tokenUrl,
    fetch,
    timeoutMs,
    clock,
    signal,
  } = opts;
  // A form that asks for no grant of ours is refused before it is sent.
  grantTypeOf(payload);
  const authorization = basicAuthorization({ clientId: consumerKey, clientSecret: consumerSecret });
  const answer = await sendTokenRequest(payload, {
    tokenUrl: url,
    authorization,
    fetch,
    timeoutMs,
    clock,
    signal,
  });
  if (answer.kind !== "answered") throw lostError(answer, payload);
  return (opts.createRequestHandler ?? createRequestHandler)(opts)(answer);
}

/** Asks `isSuccess`, then `handleSuccess` or `isUnauthorized` and `handleError`: the caller's where given. */
export function createRequestHandler(
  opts: RequestFunctionOptions,
): (res: TokenHttpResponse) => Promise<WireBody> {
  return async (res) => {
    const unauthorized = (opts.isUnauthorized ?? isUnauthorized)(res);
    const ended = { ...opts, res, unauthorized };
    return (opts.isSuccess ?? isSuccess)(res)
      ? (opts.handleSuccess ?? handleSuccess)(ended)
      : (opts.handleError ?? handleError)(ended);
  };
}

/** A 200, the one success that RFC 6749 section 5.1 knows. */
export function isSuccess(res: TokenHttpResponse): boolean {
  assertObject(res, "The argument of isSuccess()");
  return res.status === 200;
}

/** A 401, or the error code that Bitbucket sends with status 400 instead. */
export function isUnauthorized(res: TokenHttpResponse): boolean {
  assertObject(res, "The argument of isUnauthorized()");
  const { status, body } = res;
  return (
    status === 401 || (status === 400 && /"error"\s*:\s*"(unauthorized_client|invalid_client)"/.test(body))
  );
}

/** The body as the token response it must be; throws for any other. What `isSuccess` accepted counts as a 200. */
export function handleSuccess(opts: ResponseFunctionOptions): WireBody {
  assertObject(opts, "The argument of handleSuccess()");
  const meaning = meaningOf({ ...opts, res: { ...opts.res, status: 200 } });
  if (meaning.kind !== "tokens") throw meaning.error;
  return wireBody().parse(JSON.parse(opts.res.body));
}

/** Throws what the answer means: one of core's errors, with its `code` and `action`. */
export function handleError(opts: ResponseFunctionOptions): never {
  assertObject(opts, "The argument of handleError()");
  const meaning = meaningOf(opts);
  if (meaning.kind !== "tokens") throw meaning.error;
  throw new TokenResponseInvalidError("isSuccess() refused an answer that is a token response.");
}

const wireBody = /* @__PURE__ */ lazy(() => z.looseObject({}));
const grantTypes: readonly GrantType[] = [
  "authorization_code",
  "refresh_token",
  "client_credentials",
  "urn:bitbucket:oauth2:jwt",
  "password",
];

/** The grant a form asks for. */
function grantTypeOf(payload: WireForm): GrantType {
  assertObject(payload, "payload");
  const grant = grantTypes.find((type) => type === payload["grant_type"]);
  if (grant) return grant;
  throw new InvalidOptionsError(`payload.grant_type must be one of ${grantTypes.join(", ")}.`);
}

function meaningOf({ res, payload, consumerSecret }: ResponseFunctionOptions): TokenAnswer {
  assertObject(res, "res");
  assertObject(payload, "payload");
  const { grant_type: _public, ...secrets } = payload;
  const redact = createRedactor([...Object.values(secrets), consumerSecret]);
  const answer: WireAnswer = { kind: "answered", startedAt: 0, bodyTooLarge: false, redact, ...res };
  return readTokenAnswer(answer, grantTypeOf(payload));
}

function lostError(answer: Exclude<WireAnswer, { kind: "answered" }>, payload: WireForm): Error {
  const meaning = readTokenAnswer(answer, grantTypeOf(payload));
  return meaning.kind === "tokens" ? new TokenResponseInvalidError("No answer arrived.") : meaning.error;
}

/** Sends token requests through the caller's functions. What they answer is read as strictly as Bitbucket's own words. */
export function requestThrough(
  functions: ReplacedFunctions,
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
  const name = nameOfThrown(error);
  return {
    kind: "ambiguous",
    error: new TokenRequestError(
      `sendRequest threw (${name}). Throw one of this package's errors to say what went wrong.`,
    ),
  };
}
