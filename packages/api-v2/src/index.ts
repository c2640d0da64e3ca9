export type {
  AccountOptions,
  ApiAnswer,
  ApiLimits,
  ApiResponse,
  CallOptions,
  CredentialOptions,
} from "./options.js";
export {
  createAuthenticatedAPI,
  type AuthAPIOptions,
  type AuthenticatedAPIOptions,
  type ConfigAPIOptions,
  type CredentialAPIOptions,
} from "./authenticated-api.js";
export type {
  ApiCallback,
  ApiGroup,
  ApiMethod,
  BitbucketAPI,
  PageCall,
  Parameters,
  PromisedMethods,
  RouteCall,
  RouteCalls,
} from "./bitbucket-api.js";
export { createClientFetch, type ClientFetchOptions } from "./client-fetch.js";
export type { GetAccessToken } from "./token-source.js";
export {
  createBitbucketAPI,
  /** The older spelling. */
  createBitbucketAPI as createBitBucketAPI,
  type BitbucketAPIOptions,
} from "./fixed-api.js";
export type { MethodArguments } from "./method-arguments.js";
export { paginate, type ApiCaller, type PageProgress, type PaginateOptions } from "./paginate.js";
export { whoAmI, type BitbucketIdentity } from "./who-am-i.js";
