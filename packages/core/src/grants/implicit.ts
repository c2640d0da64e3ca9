import { assertMethods, assertObject, assertText } from "../assert-options.js";
import {
  assertNotDenied,
  assertState,
  readCallbackParameters,
} from "../authorization/callback-parameters.js";
import { type Clock, systemClock } from "../clock.js";
import { TokenResponseInvalidError } from "../errors.js";
import { readTokenFields, tokenSetFrom } from "../token-endpoint/token-response.js";
import type { TokenSet } from "../token-endpoint/token-set.js";

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
 * @deprecated Bitbucket Cloud dropped this grant, and OAuth 2.1 did too: the token stays in the browser's history and there is
 * no refresh token. It is here for other servers that still speak it; use an authorization code instead.
 */
export function readImplicitCallback(
  fragmentOrUrl: string | URL,
  options: ReadImplicitCallbackOptions,
): TokenSet {
  assertObject(options, "The second argument of readImplicitCallback()");
  const { state, clock = systemClock } = options;
  assertText(state, "state");
  assertMethods(clock, "clock", ["now"]);
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
