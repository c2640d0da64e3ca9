/** The next step after an error. */
export type ErrorAction = "retry" | "reauthorize" | "fix_config" | "add_scope";

/** What an error may carry beyond its message. Never a token, a secret, an authorization code or a request. */
export interface ErrorDetails {
  /** HTTP status of the answer, when there was one. */
  readonly status?: number | undefined;
  /** The OAuth error code as sent (RFC 6749 section 5.2 or 4.1.2.1). */
  readonly oauthError?: string | undefined;
  /** Bitbucket's own words, redacted. */
  readonly description?: string | undefined;
  /** Earliest time another attempt is worth making, epoch milliseconds. */
  readonly retryAt?: number | undefined;
  /** The account key the failure belongs to. */
  readonly account?: string | undefined;
  /** What Bitbucket's API says of each field that was sent, redacted. */
  readonly fields?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Bitbucket's id of this answer in its own logs: quote it in a support request. */
  readonly id?: string | undefined;
  /** What else Bitbucket's API attached to its answer, as parsed JSON, redacted. */
  readonly data?: unknown;
  /** What this error was made from. Never an error of `fetch`, which may hold the request. */
  readonly cause?: unknown;
}

/** Base of every error this family of packages rejects with. Switch on `code`, which is stable; the message is not. */
export abstract class BitbucketAuthError extends Error {
  abstract override readonly name: string;
  abstract readonly code: string;
  /** `true` when the same call may succeed later with nothing changed. */
  abstract readonly transient: boolean;
  /** The next step to take. */
  abstract readonly action: ErrorAction;
  /** Lets `isBitbucketAuthError()` recognise an error made by another copy of this package. */
  readonly family = "bitbucket-auth";
  declare readonly status?: number;
  declare readonly oauthError?: string;
  declare readonly description?: string;
  /** Epoch milliseconds. */
  declare readonly retryAt?: number;
  declare readonly account?: string;
  declare readonly fields?: Readonly<Record<string, readonly string[]>>;
  declare readonly id?: string;
  declare readonly data?: unknown;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : details);
    // An unknown detail is no property at all, so that it does not appear when the error is printed.
    for (const name of [
      "status",
      "oauthError",
      "description",
      "retryAt",
      "account",
      "fields",
      "id",
      "data",
    ] as const)
      if (details[name] !== undefined) Reflect.set(this, name, details[name]);
  }
}

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

/** The user denied consent, or Bitbucket refused to ask for it (RFC 6749 section 4.1.2.1). */
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

/** The token endpoint did not answer, or answered that it cannot serve the request now (network, timeout, 429, 5xx). */
export class TokenRequestError extends BitbucketAuthError {
  override readonly name = "TokenRequestError";
  readonly code = "token_request_failed";
  readonly transient = true;
  readonly action = "retry";
}

/**
 * The token endpoint refused the request itself: the consumer or the call is set up wrongly (`action: "fix_config"`), or the
 * authorization code is spent or too old (`reauthorize`).
 */
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
 * Bitbucket no longer accepts the refresh token. The user has to sign in again.
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

/** Another process or call held the lease of this grant for longer than the policy waits. Nothing was sent; try again. */
export class RefreshContentionError extends BitbucketAuthError {
  override readonly name = "RefreshContentionError";
  readonly code = "refresh_contended";
  readonly transient = true;
  readonly action = "retry";
}

/**
 * The storage could not be read or written, or did not answer in time. It is not known whether a write happened.
 *
 * `transient` unless `action` says that waiting does not help: `fix_config` for wrong permissions, a foreign owner or a full
 * disk, `reauthorize` for a damaged file.
 */
export class StorageError extends BitbucketAuthError {
  override readonly name = "StorageError";
  readonly code = "storage_failed";
  readonly transient: boolean;
  readonly action: ErrorAction;

  constructor(message: string, details: ErrorDetails & { readonly action?: ErrorAction } = {}) {
    super(message, details);
    this.action = details.action ?? "retry";
    this.transient = this.action === "retry";
  }
}

/** Why a stored record cannot be used. */
export type UnreadableReason = "corrupt" | "unknown_key" | "unreadable" | "plaintext" | "sealed";

/**
 * What is stored cannot be read: corrupt, sealed with another key, moved here from another account, or not encrypted
 * although a key is configured. It is left exactly as it is.
 */
export class RecordUnreadableError extends BitbucketAuthError {
  override readonly name = "RecordUnreadableError";
  readonly code = "record_unreadable";
  readonly transient = false;
  readonly action: ErrorAction;
  readonly reason: UnreadableReason;

  constructor(message: string, details: ErrorDetails & { readonly reason: UnreadableReason }) {
    super(message, details);
    this.reason = details.reason;
    this.action = details.reason === "corrupt" ? "reauthorize" : "fix_config";
  }
}

/**
 * The API refuses the credential. `action` says what helps: `reauthorize` for a token that may have expired, `fix_config` when
 * the token is fresh or cannot be renewed (then the call or the credential is wrong), `retry` with `transient` when the call
 * was not repeated only because its body can be read once: a fresh token is ready, and the same call made again uses it.
 */
export class AccessTokenRejectedError extends BitbucketAuthError {
  override readonly name = "AccessTokenRejectedError";
  readonly code = "access_token_rejected";
  readonly transient: boolean;
  readonly action: ErrorAction;

  constructor(
    message: string,
    details: ErrorDetails & { readonly transient?: boolean; readonly action?: ErrorAction } = {},
  ) {
    super(message, details);
    this.transient = details.transient ?? false;
    this.action = details.action ?? (this.transient ? "retry" : "reauthorize");
  }
}

/** The token lacks a scope that the call needs. Add it to the consumer; then the user signs in again. */
export class ScopeMissingError extends BitbucketAuthError {
  override readonly name = "ScopeMissingError";
  readonly code = "scope_missing";
  readonly transient = false;
  readonly action = "add_scope";
  /** The token's scopes, as Bitbucket names them; empty when it does not. */
  readonly granted: readonly string[];
  /** The scopes that the call needs. */
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

/** Every error this family of packages rejects with. `switch (error.code)` narrows it. */
export type AnyBitbucketAuthError =
  | AuthorizationDeniedError
  | AuthorizationCallbackError
  | StateMismatchError
  | TokenRequestError
  | TokenRequestRejectedError
  | RefreshRejectedError
  | RefreshContentionError
  | AccessTokenRejectedError
  | TokenResponseInvalidError
  | SignedOutError
  | StorageError
  | RecordUnreadableError
  | ScopeMissingError
  | RateLimitedError
  | ApiRequestError
  | ForeignOriginError
  | ClosedError
  | InvalidOptionsError;

/** Whether a value is one of these errors, also one made by another copy of this package or in another frame. */
export function isBitbucketAuthError(value: unknown): value is AnyBitbucketAuthError {
  return (
    isError(value) &&
    "family" in value &&
    value.family === "bitbucket-auth" &&
    "code" in value &&
    typeof value.code === "string"
  );
}

/** By its tag and not by `instanceof`: every frame of a page has an `Error` class of its own. */
function isError(value: unknown): value is Error {
  return Object.prototype.toString.call(value) === "[object Error]";
}
