import { assertObject } from "../assert-options.js";
import { tokenSetFrom } from "../token-endpoint/token-response.js";
import type { TokenSet } from "../token-endpoint/token-set.js";
import { type GrantOptions, requestAsConsumer, type TokenRequestForm } from "./grant-request.js";

/** What client credentials need: the consumer, which must be a private one at Bitbucket. */
export type RequestClientCredentialsOptions = GrantOptions;

/** The form of a client credentials grant (RFC 6749 section 4.4.2). */
export function clientCredentialsForm(): TokenRequestForm {
  return { grant_type: "client_credentials" };
}

/**
 * Gets a token for the consumer itself, with no user. There is no refresh token: ask again when it has expired.
 *
 * Bitbucket wants a private consumer that has a callback URL, though nothing is ever sent there; for any other it rejects
 * with `TokenRequestRejectedError`.
 */
export async function requestClientCredentials(options: RequestClientCredentialsOptions): Promise<TokenSet> {
  assertObject(options, "The argument of requestClientCredentials()");
  return tokenSetFrom(await requestAsConsumer(clientCredentialsForm(), options));
}
