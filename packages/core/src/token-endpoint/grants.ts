import { InvalidOptionsError } from "../errors.js";
import { assertCredential, assertOptions, assertSignal, bitbucketCloud, type Clock } from "../environment.js";
import { type GrantType, readTokenAnswer } from "./answer.js";
import { basicAuthorization, type ConsumerCredentials, sendTokenRequest } from "./request.js";
import { type TokenResponse, tokenSetFrom, type TokenSet } from "./response.js";

/** The fields of a form as they go over the wire. */
export type TokenRequestForm = Readonly<Record<string, string>> & { readonly grant_type: GrantType };

/** What every grant takes. */
export interface TokenEndpointOptions {
  /** `https:`, or `http:` to a loopback host. @default bitbucketCloud.tokenUrl */
  readonly tokenUrl?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Limit of the whole request, its answer included, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What every grant takes that is requested as an OAuth consumer. */
export interface GrantOptions extends ConsumerCredentials, TokenEndpointOptions {}

/** The names of what every grant takes. */
const grantNames = ["clientId", "clientSecret", "tokenUrl", "fetch", "timeoutMs", "clock", "signal"] as const;

/** Throws `InvalidOptionsError` unless these are the options of `what`: those of every grant, and `own`. */
export function assertGrantOptions(given: unknown, what: string, own: readonly string[]): void {
  assertOptions(given, what, [...own, ...grantNames]);
  assertSignal(Reflect.get(Object(given), "signal"));
}

/** Sends a grant as the consumer; resolves with a checked response or rejects with what the answer means. */
export function requestAsConsumer(form: TokenRequestForm, options: GrantOptions): Promise<TokenResponse> {
  return requestTokens(form, basicAuthorization(options), options);
}

/** Sends a grant under any `Authorization`; resolves with a checked response or rejects with what the answer means. */
async function requestTokens(
  form: TokenRequestForm,
  authorization: string,
  { tokenUrl = bitbucketCloud.tokenUrl, fetch, timeoutMs, clock, signal }: TokenEndpointOptions,
): Promise<TokenResponse> {
  const wire = await sendTokenRequest(form, { tokenUrl, authorization, fetch, timeoutMs, clock, signal });
  const answer = readTokenAnswer(wire, form.grant_type);
  if (answer.kind !== "tokens") throw answer.error;
  return answer.response;
}

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
  assertGrantOptions(options, "exchangeAuthorizationCode()", ["code", "redirectUri", "codeVerifier"]);
  assertCredential(options.code, "code");
  return tokenSetFrom(await requestAsConsumer(authorizationCodeForm(options), options));
}

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
 * have no other process refresh the same grant meanwhile. `createBitbucketAuth()` does both. When the answer brings no refresh token
 * the old one stays good and is in the result.
 *
 * `RefreshRejectedError` means that the user has to sign in again (`certainty` says how sure that is). After a
 * `TokenRequestError` or a `TokenResponseInvalidError` it is not known whether the old token still works.
 */
export async function refreshTokens(options: RefreshTokensOptions): Promise<TokenSet> {
  assertGrantOptions(options, "refreshTokens()", ["refreshToken"]);
  const { refreshToken } = options;
  assertCredential(refreshToken, "refreshToken");
  return tokenSetFrom({
    refreshToken,
    ...(await requestAsConsumer(refreshTokenForm(refreshToken), options)),
  });
}

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
  assertGrantOptions(options, "requestClientCredentials()", []);
  return tokenSetFrom(await requestAsConsumer(clientCredentialsForm(), options));
}

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
 * @deprecated Bitbucket has accepted no new Connect apps since February 2026, and Connect reaches its end of support in
 * December 2026. Use an OAuth consumer: `requestClientCredentials()` or `exchangeAuthorizationCode()`.
 * @see https://developer.atlassian.com/cloud/bitbucket/oauth-2-connect
 */
export async function exchangeConnectJwt(options: ExchangeConnectJwtOptions): Promise<TokenSet> {
  // The consumer's credentials are not needed: a program that serves several grants may pass them along.
  assertGrantOptions(options, "exchangeConnectJwt()", ["jwt", "scope", "repository"]);
  const { jwt } = options;
  assertCredential(jwt, "jwt");
  if (!/^[\x21-\x7e]+$/.test(jwt)) throw new InvalidOptionsError("jwt is not a JWT.");
  return tokenSetFrom(await requestTokens(connectJwtForm(options), `JWT ${jwt}`, options));
}
