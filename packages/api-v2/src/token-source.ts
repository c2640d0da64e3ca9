import {
  createBitbucketAuth,
  getTokens,
  isBitbucketAuthError,
  type TokenConfig,
  InvalidOptionsError,
  TokenRequestError,
} from "@bitbucket-auth/core";
import {
  createSingleFlight,
  join,
  joinOrStart,
  lost,
  optionsFromConfig,
  storageFromConfig,
  type AccessTokenSource,
} from "@bitbucket-auth/core/internal";
import { isRecord } from "./options.js";

/**
 * Access tokens for a config. One `BitbucketAuth` keeps the grant fresh; where there is none to keep, core's
 * `getTokens(config)` obtains one by `credentialsProvider`, else by client credentials.
 *
 * A refresh goes straight to the token endpoint: `sendRequest` and its like, and `useRefreshToken`, are called only when a new
 * grant is obtained. Throws `InvalidOptionsError` before anything is sent.
 */
export function configTokenSource(config: TokenConfig): AccessTokenSource {
  const account = config.appName ?? "default";
  const storage = storageFromConfig(config);
  if (config.refreshToken && !(config.storage ?? config.loadConfig))
    throw new InvalidOptionsError("Bitbucket rotates refreshToken. Pass a storage too.");
  // Core's own reading of a config, with the usual refresh ahead of need: this object lasts.
  const auth = createBitbucketAuth({ ...optionsFromConfig(config, storage), refresh: undefined });
  const obtaining: TokenConfig = { ...config, storage };
  let isForced = config.forceCredentials ?? false;
  const flights = createSingleFlight<string>();

  const obtain = async (rejected: string | undefined): Promise<string> => {
    const kept = await getTokens({ ...obtaining, forceCredentials: isForced });
    isForced = false;
    if (kept.accessToken !== rejected) return kept.accessToken;
    // A user's grant whose refresh was refused, perhaps for a moment. A token of the consumer would take its place.
    if (kept.refreshToken && !config.credentialsProvider) return auth.getAccessToken(account, { rejected });
    const { accessToken } = await getTokens({ ...obtaining, forceCredentials: true });
    return accessToken;
  };
  const obtainOnce = (rejected: string | undefined, signal: AbortSignal | undefined): Promise<string> =>
    joinOrStart(flights, "token", () => obtain(rejected), { limitMs: tokenTimeoutMs, signals: [signal] });
  return async ({ rejected, signal }) => {
    if (isForced) return obtainOnce(undefined, signal);
    try {
      return await auth.getAccessToken(account, { ...(rejected !== undefined && { rejected }), signal });
    } catch (error) {
      if (!isBitbucketAuthError(error) || !hasNothingToKeep(error.code)) throw error;
      return obtainOnce(rejected, signal);
    }
  };
}

/** How long a call waits for an access token that another one asked for. */
const tokenTimeoutMs = 60_000;

/** Nothing is stored, or what is stored has run out and cannot be refreshed. */
function hasNothingToKeep(code: string): boolean {
  return code === "signed_out" || code === "refresh_rejected";
}

/** What `getAccessToken` is given: the options of the API, and the token that was refused, if one was. @inline */
type TokenRequest = TokenConfig & { readonly rejected?: string };

/** An access token, or what it came in: a token set, or a token response as `getAccessToken()` of 2017 returned it. @inline */
type TokenAnswer = string | { readonly accessToken: string } | { readonly access_token: string };

/** A function that gets an access token. */
export type GetAccessToken = (options: TokenRequest) => TokenAnswer | Promise<TokenAnswer>;

/**
 * Keeps what the caller's own function returns until the API refuses it; all calls that then need another share one answer.
 * An error of the function that is not one of core's may contain anything, so only its name is passed on.
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
        if (held === asked) heldToken = token;
      },
      () => {
        if (held === asked) held = undefined;
      },
    );
    return asked;
  };
  return async ({ rejected, signal }) => {
    for (;;) {
      const isRefused = rejected !== undefined && heldToken === rejected;
      if (heldToken !== undefined && !isRefused) return heldToken;
      const theirs = isRefused ? undefined : held;
      const awaited = theirs ?? renew(rejected);
      const token = await join(awaited, tokenTimeoutMs, [signal]);
      if (token !== lost) return token;
      if (held === awaited) held = undefined;
      if (!theirs)
        throw new TokenRequestError(
          `getAccessToken did not answer within ${tokenTimeoutMs / 1000} s. Try again, and give it a limit of its own.`,
        );
    }
  };
}

async function askFor(ask: GetAccessToken, options: TokenRequest): Promise<string> {
  let answer: unknown;
  try {
    answer = await ask(options);
  } catch (error) {
    if (isBitbucketAuthError(error)) throw error;
    const name = isRecord(error) && typeof error["name"] === "string" ? error["name"] : typeof error;
    throw new TokenRequestError(
      `getAccessToken threw (${name}). Throw one of core's errors to say what went wrong.`,
    );
  }
  const token = isRecord(answer) ? (answer["accessToken"] ?? answer["access_token"]) : answer;
  if (typeof token === "string" && token !== "") return token;
  throw new TokenRequestError(
    "getAccessToken returned no access token. It must return a string, or an object with `accessToken`.",
  );
}
