import { assertObject } from "../assert-options.js";
import { AuthorizationCallbackError, AuthorizationDeniedError, StateMismatchError } from "../errors.js";
import { createRedactor } from "../redact.js";
import { equalInConstantTime } from "./equal-in-constant-time.js";

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
  if (typeof callback !== "string") assertObject(callback, "callback");
  const text = typeof callback === "string" ? callback : callback.toString();
  if (text.length > longestCallback)
    throw new AuthorizationCallbackError("The callback is too long to be one.");
  const parameters = callback instanceof URLSearchParams ? callback : new URLSearchParams(partOf(text, part));
  const twice = single.find((name) => parameters.getAll(name).length > 1);
  if (twice !== undefined) throw new AuthorizationCallbackError(`The callback has more than one "${twice}".`);
  return parameters;
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
    `The authorization was not granted (${oauthError || "no reason given"}).`,
    {
      oauthError,
      description: description === null ? undefined : redact(description),
    },
  );
}
