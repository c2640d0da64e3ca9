/**
 * The steps of OAuth 2.0 at Bitbucket as pure functions, for authors of other clients.
 *
 * Each sends at most one request and remembers nothing: no storage, no lock, no repeat. `createBitbucketAuth()` of the main
 * entry adds those. `docs/guides/oauth-functions.md` walks through a sign-in and a refresh.
 */
export {
  createAuthorizationTransaction,
  buildAuthorizationUrl,
  type AuthorizationTransaction,
  type AuthorizationTransactionOptions,
  type AuthorizationUrlOptions,
} from "./authorization/transaction.js";
export {
  readAuthorizationCallback,
  createUsedStates,
  type AuthorizationCallback,
  type ReadAuthorizationCallbackOptions,
  type UsedStates,
  type UsedStatesOptions,
} from "./authorization/callback.js";
export {
  exchangeAuthorizationCode,
  exchangeConnectJwt,
  refreshTokens,
  requestClientCredentials,
  type AuthorizationCode,
  type ConnectJwtRestrictions,
  type ExchangeAuthorizationCodeOptions,
  type ExchangeConnectJwtOptions,
  type GrantOptions,
  type RefreshTokensOptions,
  type RequestClientCredentialsOptions,
  type TokenEndpointOptions,
} from "./token-endpoint/grants.js";
export type { ConsumerCredentials } from "./token-endpoint/request.js";
export {
  serializeTokens,
  type PlainTokens,
  type TokenSet,
  type TokenSetSummary,
} from "./token-endpoint/response.js";
export { bitbucketCloud, type Clock, type Endpoints } from "./environment.js";
