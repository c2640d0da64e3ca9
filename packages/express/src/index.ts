export { bitbucketAuth } from "./bitbucket-auth.js";
export type { ApiSource, BitbucketAuthOptions, OnError, OnSignIn, Routes } from "./bitbucket-auth-options.js";
export { bitbucketErrors } from "./bitbucket-errors.js";
export type { BitbucketApi, BitbucketRequest, BitbucketTypes, MakeApi } from "./bitbucket-request.js";
export type { BitbucketEmail, BitbucketUser } from "./bitbucket-user.js";
export { requireBitbucket, type RequireBitbucketOptions } from "./require-bitbucket.js";
