import {
  type ErrorAction,
  type ErrorDetails,
  RefreshRejectedError,
  TokenRequestError,
  TokenRequestRejectedError,
  TokenResponseInvalidError,
} from "../errors.js";
import { createRedactor } from "../redact.js";
import { type OAuthErrorBody, readOAuthErrorBody } from "./oauth-error-body.js";
import type { WireAnswer, WireResponse } from "./token-request.js";
import { readTokenResponse, type TokenResponse } from "./token-response.js";

/** The grants by their name on the wire. */
export type GrantType =
  | "authorization_code"
  | "refresh_token"
  | "client_credentials"
  | "urn:bitbucket:oauth2:jwt"
  | "password";

/** What an answer means for whoever asked, and for the refresh token that was sent, if one was. */
export type TokenAnswer =
  | { readonly kind: "tokens"; readonly response: TokenResponse }
  /** Nothing was sent; may be tried again at once. */
  | { readonly kind: "unsent"; readonly error: TokenRequestError }
  /** The server turned the request away before looking at it. */
  | { readonly kind: "not_redeemed"; readonly error: TokenRequestError; readonly retryAfterMs?: number }
  /** The refresh token or code may have been spent. */
  | { readonly kind: "ambiguous"; readonly error: TokenRequestError | TokenResponseInvalidError }
  /** Refresh only: the refresh token is no longer good. */
  | { readonly kind: "dead"; readonly error: RefreshRejectedError }
  /** Refresh only: a dead token, a wrong secret, or a short lockout of the consumer; Bitbucket answers all three alike. */
  | { readonly kind: "doubtful"; readonly error: RefreshRejectedError }
  /** The consumer or the request is wrong; a refresh token is untouched. */
  | { readonly kind: "misconfigured"; readonly error: TokenRequestRejectedError };

/** Decides what came of a token request. Pure: it neither sends nor remembers anything. */
export function readTokenAnswer(answer: WireAnswer, grant: GrantType): TokenAnswer {
  if (answer.kind === "unsent") {
    const message = `Nothing was sent to the token endpoint (${answer.reason}). Try again.`;
    return { kind: "unsent", error: new TokenRequestError(message) };
  }
  if (answer.kind === "lost") {
    const message = `No whole answer came from the token endpoint (${answer.reason}). Try again.`;
    return { kind: "ambiguous", error: new TokenRequestError(message) };
  }
  return answer.status >= 400 ? readRefusal(answer, grant) : readSuccess(answer);
}

function readSuccess(answer: WireResponse): TokenAnswer {
  const reading = readTokenResponse(answer);
  if (reading.ok) return { kind: "tokens", response: reading.response };
  const problem = isRedirect(answer) ? "a redirect, which is not followed" : reading.problem;
  return {
    kind: "ambiguous",
    error: new TokenResponseInvalidError(`The token endpoint's answer is not a token response: ${problem}.`, {
      status: answer.status,
    }),
  };
}

function isRedirect({ status }: WireResponse): boolean {
  return status === 0 || (status >= 300 && status < 400);
}

function readRefusal(answer: WireResponse, grant: GrantType): TokenAnswer {
  const said = readOAuthErrorBody(answer.bodyTooLarge ? "" : answer.body);
  const details = detailsOf(answer, said);
  if (answer.status === 429 || answer.status === 503) {
    const { retryAfterMs, startedAt } = answer;
    const retryAt = retryAfterMs === undefined ? undefined : startedAt + retryAfterMs;
    const message = `The token endpoint is too busy (${answer.status}). Try again later.`;
    return {
      kind: "not_redeemed",
      error: new TokenRequestError(message, { ...details, retryAt }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }
  if (answer.status >= 500 || answer.status === 408 || answer.status === 425) {
    const error = new TokenRequestError(`The token endpoint failed (${answer.status}). Try again.`, details);
    return { kind: "ambiguous", error };
  }
  return grant === "refresh_token"
    ? readRefreshRefusal(answer.status, said, details)
    : misconfigured(grant, said, details);
}

function readRefreshRefusal(status: number, said: OAuthErrorBody, details: ErrorDetails): TokenAnswer {
  if (saysTokenIsDead(status, said)) {
    const message = "The refresh token is no longer valid. The user has to sign in again.";
    return { kind: "dead", error: new RefreshRejectedError(message, { ...details, certainty: "certain" }) };
  }
  if (said.error === "unauthorized_client" && !blamesMissingCredentials(said)) {
    const message =
      "The refresh was refused: the user probably has to sign in again, unless the consumer's secret is wrong or it is locked out for a moment.";
    return {
      kind: "doubtful",
      error: new RefreshRejectedError(message, { ...details, certainty: "probable" }),
    };
  }
  return misconfigured("refresh_token", said, details);
}

function saysTokenIsDead(status: number, said: OAuthErrorBody): boolean {
  if (said.error === "invalid_grant") return [400, 401, 403].includes(status) && !blamesTheCall(said);
  // Bitbucket until 2026.
  return said.error === "invalid_request" && /^invalid refresh[_ ]token/i.test(said.description ?? "");
}

/** Bitbucket says `invalid_grant` also when `grant_type` did not arrive: that is our form, not the token. */
function blamesTheCall(said: OAuthErrorBody): boolean {
  return /^unsupported grant type/i.test(said.description ?? "");
}

/** `unauthorized_client` because no `Authorization` header arrived at all. */
function blamesMissingCredentials(said: OAuthErrorBody): boolean {
  return /must be authenticated/i.test(said.description ?? "");
}

function misconfigured(grant: GrantType, said: OAuthErrorBody, details: ErrorDetails): TokenAnswer {
  const codeIsSpent =
    grant === "authorization_code" && said.error === "invalid_grant" && !blamesTheCall(said);
  const action: ErrorAction = codeIsSpent ? "reauthorize" : "fix_config";
  const reason = details.description ?? details.oauthError ?? "no reason given";
  const advice = codeIsSpent
    ? "The authorization code is spent or too old: start the sign-in again."
    : (advices[grant] ?? checkConsumer);
  const message = `The token endpoint refused the request (${details.status}, ${reason}). ${advice}`;
  return { kind: "misconfigured", error: new TokenRequestRejectedError(message, { ...details, action }) };
}

const checkConsumer = "Check the consumer's key, secret and callback URL.";
/** What else there is to do, for the grants that differ. */
const advices: Partial<Readonly<Record<GrantType, string>>> = {
  client_credentials: `${checkConsumer} It must be a private consumer.`,
  "urn:bitbucket:oauth2:jwt": "Check the Connect app's JWT.",
  password: "Bitbucket no longer supports the password grant: use an authorization code instead.",
};

function detailsOf(answer: WireResponse, said: OAuthErrorBody): ErrorDetails {
  const redact = answer.redact ?? createRedactor();
  return {
    status: answer.status,
    oauthError: said.error && redact(said.error),
    description: said.description && redact(said.description),
  };
}
