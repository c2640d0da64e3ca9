/**
 * The main entry: one `BitbucketAuth` that hands out access tokens, what it takes, and what it rejects with.
 *
 * Pure OAuth functions are in `@bitbucket-auth/core/oauth`, the replaceable request functions and the grants that Bitbucket
 * dropped in `@bitbucket-auth/core/config`.
 */

// The object a program keeps.
export { createBitbucketAuth } from "./create-bitbucket-auth.js";
export type { BitbucketAuth, FetchForOptions, GetTokenOptions } from "./bitbucket-auth.js";
export { bitbucketCloud, type Clock, type Endpoints, type Logger } from "./environment.js";
export type { BitbucketAuthOptions, EndpointOptions } from "./options.js";
export type { RefreshPolicy, RefreshPolicyOptions } from "./refresh/policy.js";
export type { FinishAuthorizationOptions, SignedInUser } from "./authorization/sign-in.js";
export type { AuthorizationTransaction } from "./authorization/transaction.js";
export type { KeepAliveOptions, KeepAliveProgress, KeepAliveReport, RekeyReport } from "./maintenance.js";
export type { BitbucketAuthEvent, BitbucketAuthEvents, EventListener } from "./events.js";

// Tokens, and what is made of them.
export {
  serializeTokens,
  type PlainTokens,
  type TokenSet,
  type TokenSetSummary,
} from "./token-endpoint/response.js";
export { gitCredentials, type GitCredentials, type GitCredentialsOptions } from "./git-credentials.js";

// Where grants are stored, and how they are encrypted.
export type {
  CasResult,
  EncryptionKeys,
  Lease,
  OpOptions,
  StorageCapabilities,
  TokenStorage,
  Version,
} from "./storage/token-storage.js";
export { createMemoryStorage, type MemoryStorageOptions } from "./storage/memory-storage.js";
export type { EncryptionOptions, KeyProvider } from "./storage/encryption.js";

// The two functions of 2017, and a storage made of two functions.
export { getAccessToken, getTokens, type TokenConfig, type UserCredentials } from "./config/get-tokens.js";
export {
  configStorage,
  type ConfigFunctions,
  type ConfigRequest,
  type StoredConfig,
} from "./config/config-storage.js";

// What goes wrong.
export { readApiError, type ApiError, type ApiErrorContext } from "./api/error.js";
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

// Names that have moved: each still works here in version 1, and its new entry stands beside it.
export {
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  buildAuthorizationUrl,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  createAuthorizationTransaction,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  exchangeAuthorizationCode,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  exchangeConnectJwt,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  readAuthorizationCallback,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  refreshTokens,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  requestClientCredentials,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type AuthorizationCallback,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type AuthorizationCode,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type AuthorizationTransactionOptions,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type AuthorizationUrlOptions,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type ConsumerCredentials,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type ExchangeAuthorizationCodeOptions,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type ExchangeConnectJwtOptions,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type ReadAuthorizationCallbackOptions,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type RefreshTokensOptions,
  /** @deprecated Import it from `@bitbucket-auth/core/oauth`. */
  type RequestClientCredentialsOptions,
} from "./oauth.js";
export {
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  createRequestHandler,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  handleError,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  handleSuccess,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  isSuccess,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  isUnauthorized,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  readImplicitCallback,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  requestPassword,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  sendRequest,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  type RequestFunctionOptions,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  type RequestFunctions,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  type ResponseFunctionOptions,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  type TokenHttpResponse,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  type WireBody,
  /** @deprecated Import it from `@bitbucket-auth/core/config`. */
  type WireForm,
} from "./config.js";
export {
  /** @deprecated For sibling packages: `@bitbucket-auth/core/internal`. */
  equalInConstantTime,
  /** @deprecated For sibling packages: `@bitbucket-auth/core/internal`. */
  isSafeAddress,
  /** @deprecated For sibling packages: `@bitbucket-auth/core/internal`. */
  readApiAddress,
  /** @deprecated For sibling packages: `@bitbucket-auth/core/internal`. */
  storageFromConfig,
  /** @deprecated For sibling packages: `@bitbucket-auth/core/internal`. */
  systemClock,
} from "./internal.js";
