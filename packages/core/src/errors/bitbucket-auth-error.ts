/** What the person or program that meets an error should do next. */
export type ErrorAction = "retry" | "reauthorize" | "fix_config" | "add_scope";

/** What an error may know beyond its message. Never a token, a secret, an authorization code or a request. */
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
  declare readonly retryAt?: number;
  declare readonly account?: string;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    if (details.status !== undefined) this.status = details.status;
    if (details.oauthError !== undefined) this.oauthError = details.oauthError;
    if (details.description !== undefined) this.description = details.description;
    if (details.retryAt !== undefined) this.retryAt = details.retryAt;
    if (details.account !== undefined) this.account = details.account;
  }
}
