import { assertObject, assertText } from "../assert-options.js";
import { tokenSetFrom } from "../token-endpoint/token-response.js";
import type { TokenSet } from "../token-endpoint/token-set.js";
import { type GrantOptions, requestAsConsumer, type TokenRequestForm } from "./grant-request.js";

/** What a refresh needs: the consumer that the refresh token was issued to, and the token. */
export interface RefreshTokensOptions extends GrantOptions {
  readonly refreshToken: string;
}

/** The form of a refresh (RFC 6749 section 6). */
export function refreshTokenForm(refreshToken: string): TokenRequestForm {
  return { grant_type: "refresh_token", refresh_token: refreshToken };
}

/**
 * Trades a refresh token for new tokens, once, with no lock and no memory.
 *
 * Bitbucket rotates: the refresh token that was sent is worth nothing afterwards, so save the new one before anything else, and
 * let nobody else refresh the same grant meanwhile. `createBitbucketAuth()` does both. When the answer brings no refresh token
 * the old one stays good and is in the result.
 *
 * `RefreshRejectedError` means that the user has to sign in again (`certainty` says how sure that is). After a
 * `TokenRequestError` or a `TokenResponseInvalidError` it is not known whether the old token still works.
 */
export async function refreshTokens(options: RefreshTokensOptions): Promise<TokenSet> {
  assertObject(options, "The argument of refreshTokens()");
  const { refreshToken } = options;
  assertText(refreshToken, "refreshToken");
  return tokenSetFrom({
    refreshToken,
    ...(await requestAsConsumer(refreshTokenForm(refreshToken), options)),
  });
}
