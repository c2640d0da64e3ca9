import { BitbucketAuthError, type ErrorAction, type ErrorDetails } from "./bitbucket-auth-error.js";

/**
 * The API refuses the access token although it should be good. `transient` when the call was not repeated only because its
 * body can be read once: a fresh token is ready, and the same call made again has it.
 */
export class AccessTokenRejectedError extends BitbucketAuthError {
  override readonly name = "AccessTokenRejectedError";
  readonly code = "access_token_rejected";
  readonly transient: boolean;
  readonly action: ErrorAction;

  constructor(message: string, details: ErrorDetails & { readonly transient?: boolean } = {}) {
    super(message, details);
    this.transient = details.transient ?? false;
    this.action = this.transient ? "retry" : "reauthorize";
  }
}

/** The token does not carry a scope the call needs. Scopes are set on the consumer; then the person signs in again. */
export class ScopeMissingError extends BitbucketAuthError {
  override readonly name = "ScopeMissingError";
  readonly code = "scope_missing";
  readonly transient = false;
  readonly action = "add_scope";
  /** What the token may do. */
  readonly granted: readonly string[];
  /** What the call needs. */
  readonly required: readonly string[];

  constructor(
    message: string,
    details: ErrorDetails & { readonly granted: readonly string[]; readonly required: readonly string[] },
  ) {
    super(message, details);
    this.granted = details.granted;
    this.required = details.required;
  }
}

/** Bitbucket's API limits this token or consumer. `retryAt` is when to try again, if Bitbucket said. */
export class RateLimitedError extends BitbucketAuthError {
  override readonly name = "RateLimitedError";
  readonly code = "rate_limited";
  readonly transient = true;
  readonly action = "retry";
}

/** An API call failed in another way: not allowed, not found, removed, or Bitbucket is down. */
export class ApiRequestError extends BitbucketAuthError {
  override readonly name = "ApiRequestError";
  readonly code = "api_request_failed";
  readonly transient: boolean;
  readonly action: ErrorAction;

  constructor(
    message: string,
    details: ErrorDetails & { readonly transient: boolean; readonly action: ErrorAction },
  ) {
    super(message, details);
    this.transient = details.transient;
    this.action = details.action;
  }
}

/** An authenticated call was aimed at something other than Bitbucket's API. Nothing was sent. */
export class ForeignOriginError extends BitbucketAuthError {
  override readonly name = "ForeignOriginError";
  readonly code = "foreign_origin";
  readonly transient = false;
  readonly action = "fix_config";
}
