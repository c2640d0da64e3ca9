import {
  createAuthenticatedFetch,
  getAccessToken as coreGetAccessToken,
  type BitbucketAuth,
  type TokenConfig,
} from "@bitbucket-auth/core";
import { readLimits, type ApiLimits } from "./api-limits.js";
import { assertSafeApiUrl } from "./api-url.js";
import { assembleApi } from "./assemble-api.js";
import type { BitbucketAPI } from "./bitbucket-api.js";
import { configTokenSource } from "./config-token-source.js";
import { customTokenSource, type GetAccessToken } from "./custom-token-source.js";
import { fetchWith } from "./fixed-credentials.js";
import { readAuth, readOptions, readSignal } from "./read-options.js";

/** An API for an account of a `BitbucketAuth`; without an account the consumer acts as itself. */
export interface AuthAPIOptions extends ApiLimits {
  readonly auth: BitbucketAuth;
  readonly account?: string | undefined;
}

/** An API in one line: everything that core's `getAccessToken(config)` takes. */
export interface ConfigAPIOptions extends TokenConfig, ApiLimits {
  /**
   * Gets tokens in place of core. It is asked once, and again with the `rejected` token each time the API refuses one;
   * callers share what it answers.
   */
  readonly getAccessToken?: GetAccessToken;
}

/** What `createAuthenticatedAPI` takes. */
export type AuthenticatedAPIOptions = AuthAPIOptions | ConfigAPIOptions;

/**
 * The API object of `bitbucket-api-v2` on tokens that stay fresh: make it once and keep it.
 *
 * With `auth` it sends nothing yet. In its one-line form it gets a token first, and rejects as core's
 * `getAccessToken(config)` does when there is none to be had. Rejects with `InvalidOptionsError` when `bitbucket-api-v2` is not
 * installed; the message says how to.
 */
export async function createAuthenticatedAPI(options: AuthenticatedAPIOptions = {}): Promise<BitbucketAPI> {
  readOptions(options);
  const transport = {
    limits: readLimits(options.apiTimeoutMs, options.rateLimitBudgetMs),
    signal: readSignal(options.signal),
  };
  if ("auth" in options) {
    const auth = readAuth(options);
    const { account } = options;
    return assembleApi({ ...transport, live: (limits) => auth.fetchFor(account, limits) });
  }
  const { getAccessToken, fetch, clock, endpoints } = options;
  const route = { apiUrl: assertSafeApiUrl(endpoints?.apiUrl), fetch, clock };
  const accessToken =
    getAccessToken === undefined || getAccessToken === coreGetAccessToken
      ? configTokenSource(options)
      : customTokenSource(getAccessToken, options);
  const api = assembleApi({
    ...transport,
    live: (limits) => createAuthenticatedFetch({ ...limits, ...route, accessToken }),
    fixed: (credentials, limits) => fetchWith(credentials, route, limits),
  });
  await accessToken(options.signal ? { signal: options.signal } : {});
  return api;
}
