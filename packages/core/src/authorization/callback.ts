import {
  AuthorizationCallbackError,
  AuthorizationDeniedError,
  StateMismatchError,
  InvalidOptionsError,
} from "../errors.js";
import {
  assertClock,
  assertMethods,
  assertOptions,
  bitbucketCloud,
  type Clock,
  systemClock,
} from "../environment.js";
import { createRedactor } from "../redact.js";
import { type AuthorizationTransaction, parseAuthorizationTransaction } from "./transaction.js";

/** Far above any real callback: codes and tokens may be JWTs of several thousand characters. */
const longestCallback = 16 * 1024;

/**
 * Reads what the authorization server appended to the redirect URI, from a whole URL, its query or fragment alone, or
 * parameters already taken apart. Throws `AuthorizationCallbackError` when it is too long or says one of the `single` twice
 * (RFC 6749 section 3.1).
 */
export function readCallbackParameters(
  callback: string | URL | URLSearchParams,
  part: "query" | "fragment",
  single: readonly string[],
): URLSearchParams {
  const text = textOf(callback);
  if (text.length > longestCallback)
    throw new AuthorizationCallbackError(
      "The callback is longer than 16 kB, so it is not Bitbucket's. Start the sign-in again.",
    );
  const parameters = new URLSearchParams(isParameters(callback) ? text : partOf(text, part));
  const twice = single.find((name) => parameters.getAll(name).length > 1);
  if (twice !== undefined) throw new AuthorizationCallbackError(`The callback has more than one "${twice}".`);
  return parameters;
}

/**
 * The callback as text. Throws `InvalidOptionsError` for anything but a text, a URL or URLSearchParams: a query that a framework
 * has parsed no longer shows whether a parameter came twice, and which of the two it kept.
 */
function textOf(callback: unknown): string {
  // People paste addresses with a line end, and in quotes or angle brackets.
  if (typeof callback === "string") return callback.replaceAll(/^[\s"'<]+|[\s"'>]+$/g, "");
  // Note: by tag and not by class. Every realm has a `URL` of its own.
  if (isParameters(callback) || Object.prototype.toString.call(callback) === "[object URL]")
    return String(callback);
  throw new InvalidOptionsError(
    "callback must be the URL that Bitbucket called back, its path and query, or URLSearchParams. Pass req.originalUrl rather than the parsed req.query: a parsed query cannot show whether a parameter came twice.",
  );
}

function isParameters(callback: unknown): boolean {
  return Object.prototype.toString.call(callback) === "[object URLSearchParams]";
}

function partOf(text: string, part: "query" | "fragment"): string {
  const hash = text.indexOf("#");
  const isUrl = /^(?:[a-z][a-z\d+.-]*:|\/)/i.test(text);
  if (part === "fragment")
    return hash === -1 && !isUrl ? text : text.slice(hash === -1 ? text.length : hash + 1);
  const beforeHash = hash === -1 ? text : text.slice(0, hash);
  const question = beforeHash.indexOf("?");
  // A bare query may hold a question mark of its own, past its first `=`.
  if (isUrl || /^[^=&]*\?/.test(beforeHash)) return question === -1 ? "" : beforeHash.slice(question + 1);
  return beforeHash;
}

/** Throws `StateMismatchError` unless the callback carries this very state. */
export function assertState(parameters: URLSearchParams, state: string): void {
  if (equalInConstantTime(state, parameters.get("state") ?? "")) return;
  throw new StateMismatchError("The callback does not belong to this sign-in. Start the sign-in again.");
}

/** Throws `AuthorizationDeniedError` when the callback carries an `error`; `sent` is what its words must not repeat. */
export function assertNotDenied(parameters: URLSearchParams, sent: readonly string[]): void {
  const error = parameters.get("error");
  if (error === null) return;
  const redact = createRedactor(sent);
  const description = parameters.get("error_description");
  const oauthError = redact(error);
  throw new AuthorizationDeniedError(
    `The authorization was not granted (${oauthError || "no reason given"}).${adviceFor(error)}`,
    {
      oauthError,
      description: description === null ? undefined : redact(description),
    },
  );
}

/** The advice for an error code of RFC 6749 section 4.1.2.1 other than `access_denied`. */
function adviceFor(error: string): string {
  if (/^(?:server_error|temporarily_unavailable)$/.test(error))
    return " Bitbucket has a problem of its own: start the sign-in again later.";
  if (/^(?:invalid_request|unauthorized_client|unsupported_response_type|invalid_scope)$/.test(error))
    return " The user was not asked: check the consumer's key, its callback URL and its permissions.";
  return "";
}

/** How long a user may take to consent. */
const longestSignInMs = 10 * 60 * 1000;

const singleParameters = ["state", "code", "error", "error_description", "iss"];

/** What reading a callback needs: what came back, and what is remembered of the sign-in. */
export interface ReadAuthorizationCallbackOptions {
  /** The URL that was called, its path and query, or its query alone; as text also in quotes or angle brackets, as people paste it. */
  readonly callback: string | URL | URLSearchParams;
  /** What `createAuthorizationTransaction()` made for this user; checked here, as it comes back from outside. */
  readonly transaction: AuthorizationTransaction;
  readonly clock?: Clock | undefined;
  /** The `iss` (RFC 9207) that a callback must name if it names one. @default the origin of Bitbucket's consent page */
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
 * Reads and checks what came back from the consent page (RFC 6749 section 4.1.2, RFC 9207).
 *
 * Throws `InvalidOptionsError` for a transaction that is not one, `AuthorizationCallbackError` for a parameter twice, no code, a
 * foreign `iss` or a sign-in older than ten minutes, `StateMismatchError` when the callback belongs to another sign-in or was
 * read before, and `AuthorizationDeniedError` when the user denied consent. State is checked before `error`, so that a forged
 * callback cannot end the user's sign-in.
 */
export function readAuthorizationCallback(options: ReadAuthorizationCallbackOptions): AuthorizationCallback {
  assertOptions(options, "readAuthorizationCallback()", [
    "callback",
    "transaction",
    "clock",
    "issuer",
    "usedStates",
  ]);
  const {
    callback,
    transaction: untrusted,
    clock = systemClock,
    issuer = new URL(bitbucketCloud.authorizationUrl).origin,
    usedStates,
  } = options;
  assertClock(clock);
  if (usedStates !== undefined) assertMethods(usedStates, "usedStates", ["claim"]);
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
    throw new AuthorizationCallbackError(
      "The callback names another issuer (iss) than the server that was asked. Start the sign-in again.",
    );
  }
  const code = parameters.get("code") ?? "";
  assertNotDenied(parameters, [transaction.state, transaction.codeVerifier, code]);
  if (!/^[\x20-\x7e]+$/.test(code)) {
    throw new AuthorizationCallbackError("The callback has no usable code. Start the sign-in again.");
  }
  return { code };
}

/**
 * Compares a secret with a claimed value, in a time that depends on the secret's length alone: not on how much of the claim is
 * right, nor on how long the claim is. Throws `InvalidOptionsError` for what is no string.
 */
export function equalInConstantTime(secret: string, claim: string): boolean {
  if (typeof secret !== "string" || typeof claim !== "string")
    throw new InvalidOptionsError("equalInConstantTime() compares two strings.");
  let difference = secret.length ^ claim.length;
  // Past the claim's end `charCodeAt` is NaN, which counts as 0 here; the lengths have already told them apart.
  for (let i = 0; i < secret.length; i += 1) difference |= secret.charCodeAt(i) ^ claim.charCodeAt(i);
  return difference === 0;
}

/** Remembers finished sign-ins, so that a callback works once. */
export interface UsedStates {
  /** `true` the first time a state is claimed, `false` from then on until `expiresAt` (epoch milliseconds). */
  claim(state: string, expiresAt: number): boolean;
}

/** How much is remembered of finished sign-ins. */
export interface UsedStatesOptions {
  readonly clock?: Clock | undefined;
  /** How many to remember; past that the oldest is forgotten. @default 10_000 */
  readonly limit?: number | undefined;
}

/**
 * Keeps used states in the memory of this process, bounded in number and in time.
 *
 * It does not see other processes; there the cookie, which the callback deletes, and the code, which works once, take over. Throws
 * `InvalidOptionsError` for a `limit` below 1.
 */
export function createUsedStates(options: UsedStatesOptions = {}): UsedStates {
  assertOptions(options, "createUsedStates()", ["clock", "limit"]);
  const { clock = systemClock, limit = 10_000 } = options;
  assertClock(clock);
  if (!(limit >= 1)) throw new InvalidOptionsError("limit must be a number of 1 or more.");
  const expiries = new Map<string, number>();
  return {
    claim(state, expiresAt) {
      const now = clock.now();
      if ((expiries.get(state) ?? 0) > now) return false;
      for (const [used, usedUntil] of expiries) {
        if (usedUntil <= now) expiries.delete(used);
      }
      // A Map is in the order of insertion: the first is the oldest.
      for (const oldest of expiries.keys()) {
        if (expiries.size < limit) break;
        expiries.delete(oldest);
      }
      expiries.set(state, expiresAt);
      return true;
    },
  };
}
