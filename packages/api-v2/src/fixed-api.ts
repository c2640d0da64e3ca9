import { InvalidOptionsError, type Clock } from "@bitbucket-auth/core";
import { assertOptions } from "@bitbucket-auth/core/internal";
import { accessToken, apiToken, type Credential } from "@bitbucket-auth/credentials";
import { assembleApi } from "./assemble-api.js";
import type { BitbucketAPI } from "./bitbucket-api.js";
import { assertEndpoints, limitNames, readLimits, readSignal, type ApiLimits } from "./options.js";
import { fetchAnonymously, type Route } from "./request-adapter.js";

/** What `createBitbucketAPI` takes. Without `accessToken` and `basicAuth` it calls anonymously. */
export interface BitbucketAPIOptions extends ApiLimits {
  /** An access token of a repository, project or workspace, or an OAuth token, which lives two hours. */
  readonly accessToken?: string;
  /** The email of the Atlassian account, and an API token. */
  readonly basicAuth?: { readonly username: string; readonly password: string };
  /** Another API than Bitbucket Cloud's, a fake: `https:`, or `http:` to a loopback host. */
  readonly endpoints?: { readonly apiUrl?: string | undefined } | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly clock?: Clock | undefined;
}

const optionNames = ["accessToken", "basicAuth", "endpoints", "fetch", "clock", ...limitNames];

/**
 * The API object of `bitbucket-api-v2` on a credential that is never renewed; `createAuthenticatedAPI()` renews.
 *
 * Throws `InvalidOptionsError` for a credential that is named and empty, and when `bitbucket-api-v2` is not installed.
 */
export function createBitbucketAPI(options: string | BitbucketAPIOptions = {}): BitbucketAPI {
  const given = typeof options === "string" ? { accessToken: options } : options;
  assertOptions(given, "createBitbucketAPI()", optionNames);
  const { endpoints, fetch, clock } = given;
  assertEndpoints(endpoints);
  const route: Route = { endpoints, fetch, clock };
  const credential = credentialOf(given, route);
  return assembleApi({
    limits: readLimits(given.apiTimeoutMs, given.rateLimitBudgetMs),
    signal: readSignal(given.signal),
    live: (limits) => credential?.fetchWith(limits) ?? fetchAnonymously(route, limits),
    route,
  });
}

function credentialOf(options: BitbucketAPIOptions, route: Route): Credential | undefined {
  if ("accessToken" in options) {
    const { accessToken: token } = options;
    if (typeof token === "string" && token !== "") return accessToken({ ...route, token });
    throw new InvalidOptionsError("accessToken is empty. Leave it out to call Bitbucket anonymously.");
  }
  if (!("basicAuth" in options)) return undefined;
  if (options.basicAuth !== undefined)
    assertOptions(options.basicAuth, "basicAuth", ["username", "password"]);
  const { username, password } = options.basicAuth ?? {};
  if (username && password && [username, password].every((part) => typeof part === "string"))
    return apiToken({ ...route, email: username, token: password });
  throw new InvalidOptionsError("basicAuth needs a username and a password.");
}
