import { assertObject, assertText } from "../assert-options.js";
import { tokenSetFrom } from "../token-endpoint/token-response.js";
import type { TokenSet } from "../token-endpoint/token-set.js";
import { type GrantOptions, requestAsConsumer, type TokenRequestForm } from "./grant-request.js";

/** What the callback brought, and what the sign-in was started with. */
export interface AuthorizationCode {
  readonly code: string;
  /** Exactly the one of the authorization request, and absent if it was absent there. */
  readonly redirectUri?: string | undefined;
  /** The PKCE verifier whose challenge was sent (RFC 7636). */
  readonly codeVerifier?: string | undefined;
}

/** What the code exchange needs: the consumer, the code, and the values of the first leg. */
export interface ExchangeAuthorizationCodeOptions extends GrantOptions, AuthorizationCode {}

/** The form of an authorization code exchange (RFC 6749 section 4.1.3). */
export function authorizationCodeForm({
  code,
  redirectUri,
  codeVerifier,
}: AuthorizationCode): TokenRequestForm {
  return {
    grant_type: "authorization_code",
    code,
    ...(redirectUri !== undefined && { redirect_uri: redirectUri }),
    ...(codeVerifier !== undefined && { code_verifier: codeVerifier }),
  };
}

/**
 * Trades the code of a finished sign-in for the user's first tokens.
 *
 * A code works once, so the request is sent once. `TokenRequestRejectedError` with `action: 'reauthorize'` means that the code
 * is spent or too old; with `fix_config`, that the consumer is set up wrongly. After a `TokenRequestError` or a
 * `TokenResponseInvalidError` the code may be spent: start the sign-in again.
 */
export async function exchangeAuthorizationCode(
  options: ExchangeAuthorizationCodeOptions,
): Promise<TokenSet> {
  assertObject(options, "The argument of exchangeAuthorizationCode()");
  assertText(options.code, "code");
  return tokenSetFrom(await requestAsConsumer(authorizationCodeForm(options), options));
}
