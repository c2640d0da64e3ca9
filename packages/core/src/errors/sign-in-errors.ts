import { BitbucketAuthError } from "./bitbucket-auth-error.js";

/** The person said no on the consent page, or Bitbucket refused to ask (RFC 6749 section 4.1.2.1). */
export class AuthorizationDeniedError extends BitbucketAuthError {
  override readonly name = "AuthorizationDeniedError";
  readonly code = "authorization_denied";
  readonly transient = false;
  readonly action = "reauthorize";
}

/** The callback cannot be read: no `code`, a parameter twice, a wrong `iss`, or older than ten minutes. Start again. */
export class AuthorizationCallbackError extends BitbucketAuthError {
  override readonly name = "AuthorizationCallbackError";
  readonly code = "authorization_callback_invalid";
  readonly transient = false;
  readonly action = "reauthorize";
}

/** The callback is not the answer to this sign-in, or that sign-in was already finished (RFC 6749 section 10.12). */
export class StateMismatchError extends BitbucketAuthError {
  override readonly name = "StateMismatchError";
  readonly code = "state_mismatch";
  readonly transient = false;
  readonly action = "reauthorize";
}

/** Nothing is stored for this account: it never signed in, or it signed out. */
export class SignedOutError extends BitbucketAuthError {
  override readonly name = "SignedOutError";
  readonly code = "signed_out";
  readonly transient = false;
  readonly action = "reauthorize";
}
