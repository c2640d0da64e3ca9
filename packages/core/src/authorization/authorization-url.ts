import { assertObject, assertText } from "../assert-options.js";
import { bitbucketCloud } from "../bitbucket-endpoints.js";
import { assertSafeUrl } from "../token-endpoint/loopback-or-https.js";
import { type AuthorizationTransaction, codeChallengeOf } from "./authorization-transaction.js";

/** What the address of the consent page is made of. */
export interface AuthorizationUrlOptions {
  readonly clientId: string;
  readonly transaction: AuthorizationTransaction;
  /** `https:`, or `http:` to a loopback host. @default bitbucketCloud.authorizationUrl */
  readonly authorizationUrl?: string | undefined;
  /** For other servers: Bitbucket ignores them, its scopes are set on the consumer. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Builds the URL that a person is sent to for consent, with state and a PKCE challenge (RFC 6749 section 4.1.1, RFC 7636).
 * What the URL already says is kept, save for the parameters that belong to the sign-in.
 *
 * Bitbucket takes PKCE but does not document it, so the consumer's secret is needed all the same.
 */
export async function buildAuthorizationUrl(options: AuthorizationUrlOptions): Promise<string> {
  assertObject(options, "The argument of buildAuthorizationUrl()");
  const { clientId, transaction, authorizationUrl = bitbucketCloud.authorizationUrl, scopes = [] } = options;
  assertText(clientId, "clientId", ": it is the key of the OAuth consumer");
  assertObject(transaction, "transaction");
  const url = assertSafeUrl(authorizationUrl, "authorizationUrl");
  url.hash = "";
  const parameters = {
    response_type: "code",
    client_id: clientId,
    state: transaction.state,
    redirect_uri: transaction.redirectUri,
    code_challenge: await codeChallengeOf(transaction.codeVerifier),
    code_challenge_method: "S256",
    scope: scopes.length === 0 ? undefined : scopes.join(" "),
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.href;
}
