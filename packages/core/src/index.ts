export {
  createAuthenticatedFetch,
  type AccessTokenSource,
  type AuthenticatedFetchOptions,
} from "./api/authenticated-fetch.js";
export { readApiError, type ApiError, type ApiErrorContext } from "./api/api-error.js";
export { readApiAddress } from "./api/api-target.js";
export type { StartTimer } from "./timer.js";
export {
  readAuthorizationCallback,
  type AuthorizationCallback,
  type ReadAuthorizationCallbackOptions,
} from "./authorization/authorization-callback.js";
export {
  createAuthorizationTransaction,
  type AuthorizationTransaction,
  type AuthorizationTransactionOptions,
} from "./authorization/authorization-transaction.js";
export { buildAuthorizationUrl, type AuthorizationUrlOptions } from "./authorization/authorization-url.js";
export { equalInConstantTime } from "./authorization/equal-in-constant-time.js";
export type { FinishAuthorizationOptions } from "./authorization/sign-in.js";
export { createUsedStates, type UsedStates, type UsedStatesOptions } from "./authorization/used-states.js";
export type { BitbucketAuth, FetchForOptions, GetTokenOptions } from "./bitbucket-auth.js";
export type { BitbucketAuthOptions } from "./bitbucket-auth-options.js";
export { bitbucketCloud, type Endpoints } from "./bitbucket-endpoints.js";
export { systemClock, type Clock } from "./clock.js";
export { getAccessToken, getTokens } from "./config-functions/get-tokens.js";
export {
  createRequestHandler,
  handleError,
  handleSuccess,
  isSuccess,
  isUnauthorized,
  sendRequest,
  type RequestFunctionOptions,
  type RequestFunctions,
  type ResponseFunctionOptions,
  type TokenHttpResponse,
  type WireBody,
  type WireForm,
} from "./config-functions/request-functions.js";
export {
  storageFromConfig,
  type TokenConfig,
  type UserCredentials,
} from "./config-functions/token-config.js";
export { createBitbucketAuth } from "./create-bitbucket-auth.js";
export {
  AccessTokenRejectedError,
  ApiRequestError,
  AuthorizationCallbackError,
  AuthorizationDeniedError,
  BitbucketAuthError,
  ClosedError,
  ForeignOriginError,
  InvalidOptionsError,
  isBitbucketAuthError,
  RateLimitedError,
  RecordUnreadableError,
  RefreshContentionError,
  RefreshRejectedError,
  ScopeMissingError,
  SignedOutError,
  StateMismatchError,
  StorageError,
  TokenRequestError,
  TokenRequestRejectedError,
  TokenResponseInvalidError,
  type AnyBitbucketAuthError,
  type ErrorAction,
  type ErrorDetails,
  type UnreadableReason,
} from "./errors.js";
export type { BitbucketAuthEvent, BitbucketAuthEvents, EventListener } from "./events.js";
export { gitCredentials, type GitCredentials } from "./git-credentials.js";
export {
  exchangeAuthorizationCode,
  type AuthorizationCode,
  type ExchangeAuthorizationCodeOptions,
} from "./grants/authorization-code.js";
export {
  requestClientCredentials,
  type RequestClientCredentialsOptions,
} from "./grants/client-credentials.js";
export {
  exchangeConnectJwt,
  type ConnectJwtRestrictions,
  type ExchangeConnectJwtOptions,
} from "./grants/connect-jwt.js";
export type { GrantOptions, TokenEndpointOptions } from "./grants/grant-request.js";
export { readImplicitCallback, type ReadImplicitCallbackOptions } from "./grants/implicit.js";
export { requestPassword, type RequestPasswordOptions, type UserPassword } from "./grants/password.js";
export { refreshTokens, type RefreshTokensOptions } from "./grants/refresh-token.js";
export type { Logger } from "./logger.js";
export type { KeepAliveOptions, KeepAliveProgress, KeepAliveReport } from "./refresh/keep-alive.js";
export type { RefreshPolicy, RefreshPolicyOptions } from "./refresh/refresh-policy.js";
export type { StopSignal } from "./stop-signal.js";
export {
  configStorage,
  type ConfigFunctions,
  type ConfigRequest,
  type StoredConfig,
} from "./storage/config-storage.js";
export type { EncryptionOptions, KeyProvider } from "./storage/encryption-keys.js";
export type { RekeyReport } from "./storage/rekey.js";
export { createMemoryStorage, type MemoryStorageOptions } from "./storage/memory-storage.js";
export type {
  CasResult,
  EncryptionKeys,
  Lease,
  OpOptions,
  StorageCapabilities,
  TokenStorage,
  Version,
} from "./storage/token-storage.js";
export { isSafeAddress } from "./token-endpoint/loopback-or-https.js";
export {
  serializeTokens,
  type PlainTokens,
  type TokenSet,
  type TokenSetSummary,
} from "./token-endpoint/token-set.js";
export type { ConsumerCredentials } from "./token-endpoint/consumer-credentials.js";
