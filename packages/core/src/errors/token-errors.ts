import { BitbucketAuthError, type ErrorAction, type ErrorDetails } from "./bitbucket-auth-error.js";

/** Bitbucket did not answer, or answered that it cannot just now (network, timeout, 429, 5xx). */
export class TokenRequestError extends BitbucketAuthError {
  override readonly name = "TokenRequestError";
  readonly code = "token_request_failed";
  readonly transient = true;
  readonly action = "retry";
}

/** Bitbucket refused the request itself: the consumer or the call is set up wrongly. */
export class TokenRequestRejectedError extends BitbucketAuthError {
  override readonly name = "TokenRequestRejectedError";
  readonly code = "token_request_rejected";
  readonly transient = false;
  readonly action: ErrorAction;

  constructor(message: string, details: ErrorDetails & { readonly action?: ErrorAction } = {}) {
    super(message, details);
    this.action = details.action ?? "fix_config";
  }
}

/** The token endpoint answered with something that is not a token response (RFC 6749 section 5.1). */
export class TokenResponseInvalidError extends BitbucketAuthError {
  override readonly name = "TokenResponseInvalidError";
  readonly code = "token_response_invalid";
  readonly transient = true;
  readonly action = "retry";
}

/**
 * Bitbucket no longer takes the refresh token. The person has to sign in again.
 *
 * `certainty` is `probable` when the answer also fits a wrong consumer secret or a short lockout of the consumer
 * (Bitbucket answers all three alike); the grant is then kept and tried again after `retryAt`.
 */
export class RefreshRejectedError extends BitbucketAuthError {
  override readonly name = "RefreshRejectedError";
  readonly code = "refresh_rejected";
  readonly transient = false;
  readonly action = "reauthorize";
  readonly certainty: "certain" | "probable";
  /** `lost_rotation`: an earlier refresh was sent and its answer never arrived, so the new token is lost. */
  readonly reason: "rejected" | "lost_rotation";

  constructor(
    message: string,
    details: ErrorDetails & {
      readonly certainty: "certain" | "probable";
      readonly reason?: "rejected" | "lost_rotation";
    },
  ) {
    super(message, details);
    this.certainty = details.certainty;
    this.reason = details.reason ?? "rejected";
  }
}

/** Somebody else has been refreshing this grant for longer than we wait. Nothing was sent; try again. */
export class RefreshContentionError extends BitbucketAuthError {
  override readonly name = "RefreshContentionError";
  readonly code = "refresh_contended";
  readonly transient = true;
  readonly action = "retry";
}
