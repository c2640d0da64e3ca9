import { getAccessToken as coreGetAccessToken, type TokenConfig } from "@bitbucket-auth/core";
import {
  assertOptions,
  bearerSource,
  configNames,
  createAuthenticatedFetch,
} from "@bitbucket-auth/core/internal";
import { assembleApi } from "./assemble-api.js";
import type { BitbucketAPI } from "./bitbucket-api.js";
import {
  assertEndpoints,
  assertSafeApiUrl,
  fetchOf,
  limitNames,
  readLimits,
  readSignal,
  type ApiLimits,
  type AccountOptions,
  type CredentialOptions,
} from "./options.js";
import { configTokenSource, customTokenSource, type GetAccessToken } from "./token-source.js";

/** An API for an account of a `BitbucketAuth`; without an account the consumer acts as itself. */
export interface AuthAPIOptions extends AccountOptions, ApiLimits {}

/** An API for any credential of `@bitbucket-auth/credentials`. */
export interface CredentialAPIOptions extends CredentialOptions, ApiLimits {}

/** An API in one line: everything that core's `getAccessToken(config)` takes. */
export interface ConfigAPIOptions extends TokenConfig, ApiLimits {
  /**
   * Gets access tokens in place of core. It is called once, and again with the `rejected` token each time the API refuses
   * one; all calls share what it returns.
   */
  readonly getAccessToken?: GetAccessToken | undefined;
}

/** What `createAuthenticatedAPI` takes. */
export type AuthenticatedAPIOptions = AuthAPIOptions | CredentialAPIOptions | ConfigAPIOptions;

/**
 * The API object of `bitbucket-api-v2` on tokens that are kept fresh. Make it once and keep it.
 *
 * With `auth` or `credential` nothing is sent yet. With a config it gets a token first, and rejects as core's
 * `getAccessToken(config)` does. Rejects with `InvalidOptionsError` for unknown options, and when `bitbucket-api-v2` is not
 * installed: the message has the command.
 */
export async function createAuthenticatedAPI(options: AuthenticatedAPIOptions = {}): Promise<BitbucketAPI> {
  assertOptions(options, "createAuthenticatedAPI()", namesOf(options));
  const transport = {
    limits: readLimits(options.apiTimeoutMs, options.rateLimitBudgetMs),
    signal: readSignal(options.signal),
  };
  if ("auth" in options || "credential" in options) {
    return assembleApi({ ...transport, live: fetchOf(options) });
  }
  const { getAccessToken, fetch, clock, endpoints } = options;
  assertEndpoints(endpoints);
  const route = { apiUrl: assertSafeApiUrl(endpoints?.apiUrl), fetch, clock };
  const accessToken =
    getAccessToken === undefined || getAccessToken === coreGetAccessToken
      ? configTokenSource(configOf(options))
      : customTokenSource(getAccessToken, options);
  const api = assembleApi({
    ...transport,
    live: (limits) => createAuthenticatedFetch({ ...limits, ...route, source: bearerSource(accessToken) }),
    route: { endpoints, fetch, clock },
  });
  await accessToken(options.signal ? { signal: options.signal } : {});
  return api;
}

/** Which options go together: an account or a credential, or else a config. */
function namesOf(options: AuthenticatedAPIOptions): readonly string[] {
  if (typeof options === "object" && options !== null && ("auth" in options || "credential" in options))
    return ["auth", "account", "credential", ...limitNames];
  return [...Object.keys(configNames), "getAccessToken", ...limitNames];
}

/** What core's `getAccessToken(config)` takes: the options without those of the API alone. */
function configOf(options: ConfigAPIOptions): TokenConfig {
  const {
    getAccessToken: _getAccessToken,
    apiTimeoutMs: _apiTimeoutMs,
    rateLimitBudgetMs: _rateLimitBudgetMs,
    signal: _signal,
    ...config
  } = options;
  return config;
}
