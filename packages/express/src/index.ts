export {
  bitbucketAuth,
  /** @deprecated The name of core's options: use `BitbucketMiddlewareOptions`. */
  type BitbucketMiddlewareOptions as BitbucketAuthOptions,
  type BitbucketMiddlewareOptions,
  type OnError,
  type OnSignIn,
} from "./bitbucket-auth.js";
export {
  bitbucketErrors,
  type GuardedHandler,
  requireBitbucket,
  type RequireBitbucketOptions,
} from "./guard.js";
export type {
  BitbucketApi,
  BitbucketOf,
  BitbucketRequest,
  BitbucketRequired,
  BitbucketTypes,
  MakeApi,
} from "./request-types.js";
export type {
  ApiSource,
  BitbucketEmail,
  BitbucketUser,
  CookieOptions,
  ProblemReport,
  Routes,
} from "@bitbucket-auth/web";
