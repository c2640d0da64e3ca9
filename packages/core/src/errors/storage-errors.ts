import { BitbucketAuthError, type ErrorAction, type ErrorDetails } from "./bitbucket-auth-error.js";

/**
 * The storage could not be read or written, or was silent; what was stored before is untouched, but what was asked of a silent
 * one may still happen. `transient` unless `action` says that waiting will not help: wrong permissions, a foreign owner, a full
 * disk (`fix_config`), or a damaged file (`reauthorize`).
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
