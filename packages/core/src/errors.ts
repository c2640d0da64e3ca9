import type {
  AuthorizationDeniedError,
  AuthorizationCallbackError,
  StateMismatchError,
  SignedOutError,
} from "./errors/sign-in-errors.js";
import type {
  TokenRequestError,
  TokenRequestRejectedError,
  TokenResponseInvalidError,
  RefreshRejectedError,
  RefreshContentionError,
} from "./errors/token-errors.js";
import type { StorageError, RecordUnreadableError } from "./errors/storage-errors.js";
import type {
  AccessTokenRejectedError,
  ScopeMissingError,
  RateLimitedError,
  ApiRequestError,
  ForeignOriginError,
} from "./errors/api-errors.js";
import type { ClosedError, InvalidOptionsError } from "./errors/usage-errors.js";

export { type ErrorAction, type ErrorDetails, BitbucketAuthError } from "./errors/bitbucket-auth-error.js";
export {
  AuthorizationDeniedError,
  AuthorizationCallbackError,
  StateMismatchError,
  SignedOutError,
} from "./errors/sign-in-errors.js";
export {
  TokenRequestError,
  TokenRequestRejectedError,
  TokenResponseInvalidError,
  RefreshRejectedError,
  RefreshContentionError,
} from "./errors/token-errors.js";
export { StorageError, type UnreadableReason, RecordUnreadableError } from "./errors/storage-errors.js";
export {
  AccessTokenRejectedError,
  ScopeMissingError,
  RateLimitedError,
  ApiRequestError,
  ForeignOriginError,
} from "./errors/api-errors.js";
export { ClosedError, InvalidOptionsError } from "./errors/usage-errors.js";

/** Every error this family rejects with. `switch (error.code)` narrows it. */
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

/** Tells one of our errors from any other value, also when it comes from another copy of this package, or from another frame. */
export function isBitbucketAuthError(value: unknown): value is AnyBitbucketAuthError {
  return (
    isError(value) &&
    "family" in value &&
    value.family === "bitbucket-auth" &&
    "code" in value &&
    typeof value.code === "string"
  );
}

/** As `Error.isError()` will: every frame of a page has an `Error` of its own. */
function isError(value: unknown): value is Error {
  return Object.prototype.toString.call(value) === "[object Error]";
}
