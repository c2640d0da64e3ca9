import {
  type ErrorAction,
  type ErrorDetails,
  RefreshRejectedError,
  TokenRequestError,
  TokenRequestRejectedError,
  TokenResponseInvalidError,
} from "../errors.js";
import { createRedactor } from "../redact.js";
import { connectFailureAdvice } from "./http.js";
import type { WireAnswer, WireResponse } from "./request.js";
import {
  type OAuthErrorBody,
  readOAuthErrorBody,
  readTokenResponse,
  type TokenResponse,
} from "./response.js";

/** The grants by their name on the wire. */
export type GrantType =
  | "authorization_code"
  | "refresh_token"
  | "client_credentials"
  | "urn:bitbucket:oauth2:jwt"
  | "password";

/** What Bitbucket said to a token request, and what that means for the refresh token or code that was sent. */
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
  /** The consumer, the request or this program is set up wrongly; a refresh token is untouched. */
  | { readonly kind: "misconfigured"; readonly error: TokenRequestRejectedError };

/** Sends one token request and says what the answer means. Never rejects. */
export type RequestTokens = (
  form: Readonly<Record<string, string>>,
  grant: GrantType,
  signal: AbortSignal,
) => Promise<TokenAnswer>;

/** Decides what came of a token request. Pure: it neither sends nor remembers anything. */
export function readTokenAnswer(answer: WireAnswer, grant: GrantType): TokenAnswer {
  const endpoint = answer.host === undefined ? "The token endpoint" : `The token endpoint of ${answer.host}`;
  switch (answer.kind) {
    case "unsent":
      return readUnsent(endpoint, answer.reason);
    case "broken":
      return {
        kind: "misconfigured",
        error: new TokenRequestRejectedError(
          `Nothing was sent: calling \`fetch\` threw (${answer.reason}). Check the \`fetch\` option.`,
        ),
      };
    case "lost":
      return {
        kind: "ambiguous",
        error: new TokenRequestError(`${endpoint} gave no complete answer (${answer.reason}). Try again.`),
      };
    case "unreadable":
      return {
        kind: "ambiguous",
        error: new TokenResponseInvalidError(
          `${endpoint} answered, and reading the answer threw (${answer.reason}). The request is not repeated; check the \`fetch\` option.`,
        ),
      };
    case "answered":
      return answer.status >= 400 ? readRefusal(endpoint, answer, grant) : readSuccess(endpoint, answer);
  }
}

function readUnsent(endpoint: string, reason: string): TokenAnswer {
  const lasting = connectFailureAdvice(reason);
  if (lasting === undefined)
    return {
      kind: "unsent",
      error: new TokenRequestError(
        `${endpoint} could not be reached (${reason}). Nothing was sent; try again.`,
      ),
    };
  const [problem, advice] = lasting;
  return {
    kind: "misconfigured",
    error: new TokenRequestRejectedError(`${endpoint} ${problem}. Nothing was sent. ${advice}`),
  };
}

function readSuccess(endpoint: string, answer: WireResponse): TokenAnswer {
  const reading = readTokenResponse(answer);
  if (reading.ok) return { kind: "tokens", response: reading.response };
  const problem = isRedirect(answer) ? "a redirect, which is not followed" : reading.problem;
  const details = detailsOf(answer, readOAuthErrorBody(answer.bodyTooLarge ? "" : answer.body));
  const words = [details.oauthError, details.description].filter(Boolean).join(": ");
  return notTokens(
    `${endpoint} gave an answer that is no token response: ${problem}${words && ` (${words})`}.`,
    details,
  );
}

function notTokens(message: string, details: ErrorDetails): TokenAnswer {
  return { kind: "ambiguous", error: new TokenResponseInvalidError(message, details) };
}

function isRedirect({ status }: WireResponse): boolean {
  return status === 0 || (status >= 300 && status < 400);
}

/** The rule for each status that refuses. */
function readRefusal(endpoint: string, answer: WireResponse, grant: GrantType): TokenAnswer {
  const { status } = answer;
  const said = readOAuthErrorBody(answer.bodyTooLarge ? "" : answer.body);
  const details = detailsOf(answer, said);
  if (status === 429 || status === 503) {
    const { retryAfterMs, startedAt } = answer;
    const retryAt = retryAfterMs === undefined ? undefined : startedAt + retryAfterMs;
    return {
      kind: "not_redeemed",
      error: new TokenRequestError(`${endpoint} is too busy (${status}). Try again later.`, {
        ...details,
        retryAt,
      }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }
  if (status >= 500 || status === 408 || status === 425) {
    return {
      kind: "ambiguous",
      error: new TokenRequestError(`${endpoint} failed (${status}). Try again.`, details),
    };
  }
  if (said.error === undefined && said.description === undefined) {
    return notTokens(
      `${endpoint} answered ${status} without an OAuth error, as a proxy or a maintenance page does. The grant is kept; try again. ` +
        "If it lasts, check `endpoints.tokenUrl` and what stands between this program and the endpoint.",
      details,
    );
  }
  // Note: codes of RFC 6749 section 4.1.2.1, for the other endpoint, and some servers' here as well.
  if (said.error !== undefined && /^(?:server_error|temporarily_unavailable|slow_down)$/.test(said.error)) {
    const message = `${endpoint} failed (${status}, ${said.error}). Try again.`;
    return { kind: "ambiguous", error: new TokenRequestError(message, details) };
  }
  if (said.error === undefined && [404, 405, 410].includes(status)) {
    const message = `${endpoint} has no such address (${status}, ${details.description}). Check \`endpoints.tokenUrl\`.`;
    return { kind: "misconfigured", error: new TokenRequestRejectedError(message, details) };
  }
  return grant === "refresh_token"
    ? readRefreshRefusal(endpoint, status, said, details)
    : misconfigured(endpoint, grant, said, details);
}

function readRefreshRefusal(
  endpoint: string,
  status: number,
  said: OAuthErrorBody,
  details: ErrorDetails,
): TokenAnswer {
  const { oauthError } = details;
  if (saysTokenIsDead(status, said)) {
    const message = `${endpoint} no longer takes the refresh token (${oauthError}). The user has to sign in again.`;
    return { kind: "dead", error: new RefreshRejectedError(message, { ...details, certainty: "certain" }) };
  }
  if (said.error === "unauthorized_client" && !blamesMissingCredentials(said)) {
    const message =
      `${endpoint} refused the refresh (${oauthError}). Causes, most likely first: grant revoked, wrong client secret, temporary ` +
      "lockout of the consumer. The grant is kept and tried again after `retryAt`.";
    return {
      kind: "doubtful",
      error: new RefreshRejectedError(message, { ...details, certainty: "probable" }),
    };
  }
  return misconfigured(endpoint, "refresh_token", said, details);
}

function saysTokenIsDead(status: number, said: OAuthErrorBody): boolean {
  if (said.error === "invalid_grant") return [400, 401, 403].includes(status) && !blamesTheCall(said);
  // Bitbucket until 2026.
  return said.error === "invalid_request" && /^invalid refresh[_ ]token/i.test(said.description ?? "");
}

/** Bitbucket says `invalid_grant` also when `grant_type` did not arrive: that is the form, not the token. */
function blamesTheCall(said: OAuthErrorBody): boolean {
  return /^unsupported grant type/i.test(said.description ?? "");
}

/** `unauthorized_client` because no `Authorization` header arrived at all. */
function blamesMissingCredentials(said: OAuthErrorBody): boolean {
  return /must be authenticated/i.test(said.description ?? "");
}

function misconfigured(
  endpoint: string,
  grant: GrantType,
  said: OAuthErrorBody,
  details: ErrorDetails,
): TokenAnswer {
  const codeIsSpent =
    grant === "authorization_code" && said.error === "invalid_grant" && !blamesTheCall(said);
  const action: ErrorAction = codeIsSpent ? "reauthorize" : "fix_config";
  const reason = details.description ?? details.oauthError ?? "no reason given";
  const advice = codeIsSpent
    ? "The authorization code is spent or too old: start the sign-in again."
    : adviceFor(grant);
  const message = `${endpoint} refused the request (${details.status}, ${reason}). ${advice}`;
  return { kind: "misconfigured", error: new TokenRequestRejectedError(message, { ...details, action }) };
}

function adviceFor(grant: GrantType): string {
  const checkConsumer = "Check the consumer's key, secret and callback URL.";
  switch (grant) {
    case "client_credentials":
      return `${checkConsumer} It must be a private consumer.`;
    case "urn:bitbucket:oauth2:jwt":
      return "Check the Connect app's JWT.";
    case "password":
      return "Bitbucket no longer supports the password grant: use an authorization code instead.";
    case "authorization_code":
    case "refresh_token":
      return checkConsumer;
  }
}

function detailsOf(answer: WireResponse, said: OAuthErrorBody): ErrorDetails {
  const redact = answer.redact ?? createRedactor();
  return {
    status: answer.status,
    oauthError: said.error && redact(said.error),
    description: said.description && redact(said.description),
  };
}
