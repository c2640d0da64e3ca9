import { assertObject } from "../assert-options.js";
import { bitbucketCloud } from "../bitbucket-endpoints.js";
import { type Clock, systemClock } from "../clock.js";
import { AuthorizationCallbackError, StateMismatchError } from "../errors.js";
import { type AuthorizationTransaction, parseAuthorizationTransaction } from "./authorization-transaction.js";
import { assertNotDenied, assertState, readCallbackParameters } from "./callback-parameters.js";
import type { UsedStates } from "./used-states.js";

/** How long a person may take to consent. */
const longestSignInMs = 10 * 60 * 1000;

const singleParameters = ["state", "code", "error", "error_description", "iss"];

/** What reading a callback needs: what came back, and what is remembered of the sign-in. */
export interface ReadAuthorizationCallbackOptions {
  /** The URL that was called, its path and query, or its query alone. */
  readonly callback: string | URL | URLSearchParams;
  /** What `createAuthorizationTransaction()` made for this person; checked here, as it comes back from outside. */
  readonly transaction: AuthorizationTransaction;
  readonly clock?: Clock | undefined;
  /** Who may sign the callback, if it is signed with `iss` (RFC 9207). @default the origin of Bitbucket's consent page */
  readonly issuer?: string | undefined;
  /** Refuses a callback that was already read. Absent: not checked here. */
  readonly usedStates?: UsedStates | undefined;
}

/** A callback that has passed every check. */
export interface AuthorizationCallback {
  /** Goes to `exchangeAuthorizationCode()`, once. */
  readonly code: string;
}

/**
 * Reads what came back from the consent page and trusts none of it.
 *
 * Throws `InvalidOptionsError` for a transaction that is not one, `AuthorizationCallbackError` for a parameter twice, no code, a
 * foreign `iss` or a sign-in older than ten minutes, `StateMismatchError` when the callback belongs to another sign-in or was
 * read before, and `AuthorizationDeniedError` when the person said no. State comes before `error`: a stranger's callback cannot
 * end this person's sign-in.
 */
export function readAuthorizationCallback(options: ReadAuthorizationCallbackOptions): AuthorizationCallback {
  assertObject(options, "The argument of readAuthorizationCallback()");
  const {
    callback,
    transaction: untrusted,
    clock = systemClock,
    issuer = new URL(bitbucketCloud.authorizationUrl).origin,
    usedStates,
  } = options;
  const transaction = parseAuthorizationTransaction(untrusted);
  const parameters = readCallbackParameters(callback, "query", singleParameters);
  assertState(parameters, transaction.state);

  if (Math.abs(clock.now() - transaction.createdAt) > longestSignInMs) {
    throw new AuthorizationCallbackError("The sign-in took longer than ten minutes. Start it again.");
  }
  if (usedStates?.claim(transaction.state, transaction.createdAt + longestSignInMs) === false) {
    throw new StateMismatchError("This sign-in is already finished. Start another.");
  }
  const signedBy = parameters.get("iss");
  if (signedBy !== null && signedBy !== issuer) {
    throw new AuthorizationCallbackError("The callback comes from another issuer than the one asked.");
  }
  const code = parameters.get("code") ?? "";
  assertNotDenied(parameters, [transaction.state, transaction.codeVerifier, code]);
  if (!/^[\x20-\x7e]+$/.test(code)) {
    throw new AuthorizationCallbackError("The callback has no usable code. Start the sign-in again.");
  }
  return { code };
}
