export type { ApiSource, BitbucketEmail, BitbucketSession, BitbucketUser } from "./bitbucket-session.js";
export type {
  BitbucketWebOptions,
  CookieOptions,
  GuardOptions,
  OnSignIn,
  ProblemReport,
  Routes,
  SignInRequest,
} from "./options.js";
export type { Problem } from "./problem.js";
export { createBitbucketWeb, type BitbucketWeb } from "./web.js";
