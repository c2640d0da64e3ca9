import { assertNotDenied, assertState, readCallbackParameters } from "../authorization/callback.js";
import { TokenResponseInvalidError } from "../errors.js";
import { assertClock, assertOptions, assertText, type Clock, systemClock } from "../environment.js";
import {
  assertGrantOptions,
  type GrantOptions,
  requestAsConsumer,
  type TokenRequestForm,
} from "../token-endpoint/grants.js";
import { readTokenFields, tokenSetFrom, type TokenSet } from "../token-endpoint/response.js";

const singleParameters = [
  "state",
  "error",
  "error_description",
  "access_token",
  "token_type",
  "expires_in",
  "scope",
  "scopes",
];

/** What reading an implicit callback needs: the address that was called, and the state that was sent. */
export interface ReadImplicitCallbackOptions {
  /** The state that the authorization request was sent with. */
  readonly state: string;
  readonly clock?: Clock | undefined;
}

/**
 * Reads the token that an implicit grant leaves in the fragment of a URL (RFC 6749 section 4.2.2).
 *
 * Throws `StateMismatchError`, `AuthorizationCallbackError` and `AuthorizationDeniedError` like `readAuthorizationCallback()`, and
 * `TokenResponseInvalidError` when the fragment holds no usable token. A refresh token in it is ignored.
 *
 * @deprecated Bitbucket Cloud removed this grant on 2026-02-27, and OAuth 2.1 did too: the token stays in the browser's history
 * and there is no refresh token. This function serves other servers; at Bitbucket use an authorization code.
 */
export function readImplicitCallback(
  fragmentOrUrl: string | URL,
  options: ReadImplicitCallbackOptions,
): TokenSet {
  assertOptions(options, "readImplicitCallback()", ["state", "clock"]);
  const { state, clock = systemClock } = options;
  assertText(state, "state");
  assertClock(clock);
  const startedAt = clock.now();
  const parameters = readCallbackParameters(fragmentOrUrl, "fragment", singleParameters);
  assertState(parameters, state);
  assertNotDenied(parameters, [state, parameters.get("access_token") ?? ""]);

  const { refresh_token: _ignored, expires_in: lifetime, ...fields } = Object.fromEntries(parameters);
  const seconds =
    lifetime === undefined ? {} : { expires_in: /^\d+$/.test(lifetime) ? Number(lifetime) : lifetime };
  const reading = readTokenFields({ ...fields, ...seconds }, { startedAt });
  if (reading.ok) return tokenSetFrom(reading.response);
  throw new TokenResponseInvalidError(`The callback's fragment is not a token response: ${reading.problem}.`);
}

/** The user's own user name and password. */
export interface UserPassword {
  readonly username: string;
  readonly password: string;
}

/** What the password grant needs, at servers that still have it. */
export interface RequestPasswordOptions extends GrantOptions, UserPassword {}

/** The form of a password grant (RFC 6749 section 4.3.2). */
export function passwordForm({ username, password }: UserPassword): TokenRequestForm {
  return { grant_type: "password", username, password };
}

/**
 * Trades a user's name and password for tokens.
 *
 * @deprecated Bitbucket Cloud removed this grant, and OAuth 2.1 did too: the program sees the password. This function serves
 * other servers. Bitbucket rejects with `TokenRequestRejectedError`; use `exchangeAuthorizationCode()` for a
 * user and `requestClientCredentials()` for a script.
 */
export async function requestPassword(options: RequestPasswordOptions): Promise<TokenSet> {
  assertGrantOptions(options, "requestPassword()", ["username", "password"]);
  assertText(options.username, "username");
  assertText(options.password, "password");
  return tokenSetFrom(await requestAsConsumer(passwordForm(options), options));
}
