import {
  InvalidOptionsError,
  isBitbucketAuthError,
  TokenRequestError,
  type AccessTokenSource,
  type TokenConfig,
} from "@bitbucket-auth/core";
import { isRecord } from "./json-object.js";
import { orAbort } from "./or-abort.js";

/** What `getAccessToken` is given: the options of the API, and the token that was just refused, if it was one. @inline */
type TokenRequest = TokenConfig & { readonly rejected?: string };

/** An access token, or what it came in: a token set, or a token response as `getAccessToken()` of 2017 answered it. @inline */
type TokenAnswer = string | { readonly accessToken: string } | { readonly access_token: string };

/** A function that gets an access token. */
export type GetAccessToken = (options: TokenRequest) => TokenAnswer | Promise<TokenAnswer>;

/**
 * Keeps what the caller's own function answers until the API refuses it, and lets everybody who then asks share the next
 * answer. What the function throws that is not one of core's errors could hold anything: only its name goes on.
 */
export function customTokenSource(getAccessToken: GetAccessToken, options: TokenConfig): AccessTokenSource {
  if (typeof getAccessToken !== "function")
    throw new InvalidOptionsError("getAccessToken must be a function.");
  let held: Promise<string> | undefined;
  let heldToken: string | undefined;

  const renew = (rejected: string | undefined): Promise<string> => {
    const asked = askFor(getAccessToken, rejected === undefined ? options : { ...options, rejected });
    held = asked;
    heldToken = undefined;
    asked.then(
      (token) => {
        heldToken = token;
      },
      () => {
        if (held === asked) held = undefined;
      },
    );
    return asked;
  };
  return async ({ rejected, signal }) => {
    const isRefused = rejected !== undefined && heldToken === rejected;
    return orAbort(held === undefined || isRefused ? renew(rejected) : held, signal);
  };
}

async function askFor(ask: GetAccessToken, options: TokenRequest): Promise<string> {
  let answer: unknown;
  try {
    answer = await ask(options);
  } catch (error) {
    if (isBitbucketAuthError(error)) throw error;
    const name = error instanceof Error ? error.name : typeof error;
    throw new TokenRequestError(
      `getAccessToken threw (${name}). Throw one of core's errors to say what went wrong.`,
    );
  }
  const token = isRecord(answer) ? (answer["accessToken"] ?? answer["access_token"]) : answer;
  if (typeof token === "string" && token !== "") return token;
  throw new TokenRequestError(
    "getAccessToken answered no access token. It must answer a string, or an object with `accessToken`.",
  );
}
