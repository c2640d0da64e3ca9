import { assertObject, assertText } from "../assert-options.js";
import { InvalidOptionsError } from "../errors.js";
import { tokenSetFrom } from "../token-endpoint/token-response.js";
import type { TokenSet } from "../token-endpoint/token-set.js";
import { requestTokens, type TokenEndpointOptions, type TokenRequestForm } from "./grant-request.js";

/** What may narrow the token of a Connect app. */
export interface ConnectJwtRestrictions {
  /** Space-separated; fewer scopes than the app has. */
  readonly scope?: string | undefined;
  /** The full name or the uuid of the one repository the token is for. */
  readonly repository?: string | undefined;
}

/** What the JWT exchange needs: no consumer's secret, the JWT is the credential. */
export interface ExchangeConnectJwtOptions extends TokenEndpointOptions, ConnectJwtRestrictions {
  /** Signed by the Connect app with its shared secret. */
  readonly jwt: string;
}

/** The form of Bitbucket's own JWT grant; the JWT itself travels in the header. */
function connectJwtForm({ scope, repository }: ConnectJwtRestrictions = {}): TokenRequestForm {
  return {
    grant_type: "urn:bitbucket:oauth2:jwt",
    ...(scope !== undefined && { scope }),
    ...(repository !== undefined && { bitbucket_repository: repository }),
  };
}

/**
 * Trades a Connect app's JWT for an access token. There is no refresh token: sign a new JWT when it has expired.
 *
 * For apps that exist; Bitbucket takes no new Connect apps since February 2026.
 * @see https://developer.atlassian.com/cloud/bitbucket/oauth-2-connect
 */
export async function exchangeConnectJwt(options: ExchangeConnectJwtOptions): Promise<TokenSet> {
  assertObject(options, "The argument of exchangeConnectJwt()");
  const { jwt } = options;
  assertText(jwt, "jwt");
  if (!/^[\x21-\x7e]+$/.test(jwt)) throw new InvalidOptionsError("jwt is not a JWT.");
  return tokenSetFrom(await requestTokens(connectJwtForm(options), `JWT ${jwt}`, options));
}
