import { AuthorizationDeniedError, TokenResponseInvalidError } from "@bitbucket-auth/core";
import { CallbackData } from "./callback-data.js";

/** What every recorded Bitbucket answer says; used when an answer says nothing. */
const defaultLifetimeSeconds = "7200";
const longestLifetimeSeconds = 10 * 366 * 24 * 60 * 60;
/** Far above any real callback. */
const longest = 16 * 1024;

/** Whether the parameters say nothing twice (RFC 6749 section 3.1) and are no longer than a callback may be. */
export function isPlain(answer: URLSearchParams): boolean {
  const names = [...answer.keys()];
  return String(answer).length < longest && names.length === new Set(names).size;
}

/**
 * Reads the parameters of an implicit callback, as strictly as core's `readImplicitCallback()` does and with the same verdicts
 * (RFC 6749 section 4.2.2). The state has been checked by then. A server's own words are not repeated.
 */
export function readImplicitTokens(answer: URLSearchParams, now: number): CallbackData {
  const error = answer.get("error");
  if (error !== null) throw denial(/^[a-z_]{1,40}$/.test(error) ? error : "");
  const field = (name: string, pattern: RegExp, otherwise = ""): string => {
    const value = answer.get(name) ?? otherwise;
    if (pattern.test(value)) return value;
    throw new TokenResponseInvalidError(`The callback has no usable ${name}. Call authorize().`);
  };
  const accessToken = field("access_token", /^[!-~]+$/);
  field("token_type", /^bearer$/i, "bearer");
  const seconds = Number(field("expires_in", /^0*[1-9]\d{0,8}$/, defaultLifetimeSeconds));
  if (seconds > longestLifetimeSeconds) field("expires_in", /^$/);
  for (const name of ["scope", "scopes"]) field(name, /^[ -~]*$/);
  return new CallbackData(accessToken, now + seconds * 1000);
}

function denial(oauthError: string): AuthorizationDeniedError {
  const next = /^un(?:supported_response_type|authorized_client)$/.test(oauthError)
    ? "The server gives pages no tokens: use `backend`."
    : "Call authorize().";
  return new AuthorizationDeniedError(`The authorization was not granted (${oauthError}). ${next}`, {
    oauthError,
  });
}
