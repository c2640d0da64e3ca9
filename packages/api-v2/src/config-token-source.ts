import {
  createBitbucketAuth,
  getTokens,
  isBitbucketAuthError,
  storageFromConfig,
  type AccessTokenSource,
  type BitbucketAuth,
  type TokenConfig,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { orAbort } from "./or-abort.js";

/**
 * Tokens for a config that last: one `BitbucketAuth` keeps the grant fresh, and core's `getTokens(config)` brings a new one
 * where there is none to keep: by `credentialsProvider`, else by client credentials.
 *
 * A refresh goes straight to the token endpoint; `sendRequest` and its like, and `useRefreshToken`, are asked when a new grant
 * is brought. Throws `InvalidOptionsError` before anything is sent.
 */
export function configTokenSource(config: TokenConfig): AccessTokenSource {
  const account = config.appName ?? "default";
  const storage = storageFromConfig(config);
  const auth = authFor(config, storage);
  const bringing: TokenConfig = { ...config, storage };
  let isForced = config.forceCredentials ?? false;
  let flight: Promise<string> | undefined;

  const bring = async (rejected: string | undefined): Promise<string> => {
    const kept = await getTokens({ ...bringing, forceCredentials: isForced });
    isForced = false;
    if (kept.accessToken !== rejected) return kept.accessToken;
    const { accessToken } = await getTokens({ ...bringing, forceCredentials: true });
    return accessToken;
  };
  const bringOnce = (rejected: string | undefined): Promise<string> => {
    flight ??= bring(rejected).finally(() => {
      flight = undefined;
    });
    return flight;
  };
  return async ({ rejected, signal }) => {
    if (isForced) return orAbort(bringOnce(undefined), signal);
    try {
      return await auth.getAccessToken(account, { ...(rejected !== undefined && { rejected }), signal });
    } catch (error) {
      if (!isBitbucketAuthError(error) || !hasNothingToKeep(error.code)) throw error;
      return orAbort(bringOnce(rejected), signal);
    }
  };
}

/** Nothing is stored, or what is stored has run out and cannot be refreshed. */
function hasNothingToKeep(code: string): boolean {
  return code === "signed_out" || code === "refresh_rejected";
}

function authFor(config: TokenConfig, storage: TokenStorage): BitbucketAuth {
  const {
    consumerKey,
    consumerSecret,
    encryption,
    endpoints,
    fetch,
    timeoutMs,
    clock,
    logger,
    logging,
    onUnpersisted,
  } = config;
  return createBitbucketAuth({
    storage,
    ...(consumerKey !== undefined && { clientId: consumerKey }),
    ...(consumerSecret !== undefined && { clientSecret: consumerSecret }),
    ...(encryption && { encryption }),
    ...(endpoints && { endpoints }),
    ...(fetch && { fetch }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(clock && { clock }),
    ...(logger && { logger }),
    ...(logging !== undefined && { logging }),
    ...(onUnpersisted && { onUnpersisted }),
  });
}
