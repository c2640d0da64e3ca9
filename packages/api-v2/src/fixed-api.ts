import { InvalidOptionsError, type Clock } from "@bitbucket-auth/core";
import { readLimits, type ApiLimits } from "./api-limits.js";
import { assertSafeApiUrl } from "./api-url.js";
import { assembleApi } from "./assemble-api.js";
import type { BitbucketAPI } from "./bitbucket-api.js";
import { fetchWith, type FixedCredentials } from "./fixed-credentials.js";
import { readOptions, readSignal } from "./read-options.js";

/** What `createBitbucketAPI` takes. Without credentials it calls as nobody. */
export interface BitbucketAPIOptions extends ApiLimits {
  /** Sent as it is until it dies: an OAuth token lives two hours. */
  readonly accessToken?: string;
  /** The account's email and an API token. */
  readonly basicAuth?: { readonly username: string; readonly password: string };
  readonly endpoints?: { readonly apiUrl?: string };
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
}

/**
 * The API object of `bitbucket-api-v2` with credentials as they are. Nobody renews them: `createAuthenticatedAPI()` does.
 *
 * Throws `InvalidOptionsError` for credentials that are named and empty, and when `bitbucket-api-v2` is not installed.
 */
export function createBitbucketAPI(options: string | BitbucketAPIOptions = {}): BitbucketAPI {
  const given = typeof options === "string" ? { accessToken: options } : readOptions(options);
  const { endpoints, fetch, clock } = given;
  const route = { apiUrl: assertSafeApiUrl(endpoints?.apiUrl), fetch, clock };
  const credentials = readCredentials(given);
  return assembleApi({
    limits: readLimits(given.apiTimeoutMs, given.rateLimitBudgetMs),
    signal: readSignal(given.signal),
    live: (limits) => fetchWith(credentials, route, limits),
    fixed: (others, limits) => fetchWith(others, route, limits),
  });
}

function readCredentials(options: BitbucketAPIOptions): FixedCredentials {
  const { accessToken, basicAuth } = options;
  if ("accessToken" in options) {
    if (typeof accessToken === "string" && accessToken !== "") return { scheme: "bearer", accessToken };
    throw new InvalidOptionsError("accessToken is empty. Leave it out to call Bitbucket as nobody.");
  }
  if (!("basicAuth" in options)) return { scheme: "none" };
  const { username, password } = basicAuth ?? {};
  if (username && password && [username, password].every((text) => typeof text === "string"))
    return { scheme: "basic", username, password };
  throw new InvalidOptionsError("basicAuth needs a username and a password.");
}
