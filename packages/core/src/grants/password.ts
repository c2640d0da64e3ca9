import { assertObject, assertText } from "../assert-options.js";
import { tokenSetFrom } from "../token-endpoint/token-response.js";
import type { TokenSet } from "../token-endpoint/token-set.js";
import { type GrantOptions, requestAsConsumer, type TokenRequestForm } from "./grant-request.js";

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
 * @deprecated Bitbucket Cloud dropped this grant, and OAuth 2.1 did too: the program sees the password. It is here for other
 * servers that still speak it. Bitbucket rejects with `TokenRequestRejectedError`; use `exchangeAuthorizationCode()` for a
 * user and `requestClientCredentials()` for a script.
 */
export async function requestPassword(options: RequestPasswordOptions): Promise<TokenSet> {
  assertObject(options, "The argument of requestPassword()");
  assertText(options.username, "username");
  assertText(options.password, "password");
  return tokenSetFrom(await requestAsConsumer(passwordForm(options), options));
}
