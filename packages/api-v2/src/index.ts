export type { ApiLimits } from "./api-limits.js";
export {
  createAuthenticatedAPI,
  type AuthAPIOptions,
  type AuthenticatedAPIOptions,
  type ConfigAPIOptions,
} from "./authenticated-api.js";
export type {
  ApiAnswer,
  ApiCallback,
  ApiGroup,
  ApiMethod,
  BitbucketAPI,
  CallOptions,
  PageCall,
  Parameters,
  PromisedMethods,
  RouteCall,
  RouteCalls,
} from "./bitbucket-api.js";
export { createClientFetch, type ClientFetchOptions } from "./client-fetch.js";
export type { GetAccessToken } from "./custom-token-source.js";
export {
  createBitbucketAPI,
  /** The older spelling. */
  createBitbucketAPI as createBitBucketAPI,
  type BitbucketAPIOptions,
} from "./fixed-api.js";
export type { MethodArguments } from "./method-arguments.js";
export type { ApiSource } from "./api-source.js";
export { paginate, type PageProgress, type PaginateOptions } from "./paginate.js";
export { whoAmI, type BitbucketIdentity } from "./who-am-i.js";
