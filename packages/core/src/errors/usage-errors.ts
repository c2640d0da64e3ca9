import { BitbucketAuthError } from "./bitbucket-auth-error.js";

/** The `BitbucketAuth` was closed while the call waited, or before it was made. */
export class ClosedError extends BitbucketAuthError {
  override readonly name = "ClosedError";
  readonly code = "closed";
  readonly transient = false;
  readonly action = "fix_config";
}

/** Wrong use: an option is missing or contradicts another. Thrown before anything is sent or written. */
export class InvalidOptionsError extends BitbucketAuthError {
  override readonly name = "InvalidOptionsError";
  readonly code = "invalid_options";
  readonly transient = false;
  readonly action = "fix_config";
}
