import { clientBaseUrl, createClientFetch, type ClientFetchOptions } from "./client-fetch.js";
import { requireBitbucket } from "./load-peer.js";

/** What a method of the package `bitbucket` resolves with. */
export interface BitbucketResponse {
  readonly data: Readonly<Record<string, unknown>>;
  readonly status: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A method of the package `bitbucket`, such as `client.pullrequests.list({ workspace, repo_slug })`. */
export type BitbucketMethod = (parameters?: object) => Promise<BitbucketResponse>;

/**
 * The client of the package `bitbucket`: its groups of methods, and any route by `request`. For that package's own types name
 * them: `createAuthenticatedClient<APIClient>(…)`.
 */
export type BitbucketClient = {
  readonly [group: string]: { readonly [method: string]: BitbucketMethod };
} & { readonly request: (route: string, parameters?: object) => Promise<BitbucketResponse> };

/** A request on its way through the package, as far as it is changed here. */
interface RequestOnItsWay {
  request: { fetch?: typeof globalThis.fetch };
}

/**
 * The package `bitbucket` on tokens that stay fresh.
 *
 * What Bitbucket refuses rejects with the package's own `HTTPError`; where there is no token, no scope or no answer, core's
 * errors come through. Rejects with `InvalidOptionsError` when `bitbucket` is not installed.
 */
export async function createAuthenticatedClient<Client = BitbucketClient>(
  options: ClientFetchOptions,
): Promise<Client> {
  const { Bitbucket } = requireBitbucket();
  const fetch = createClientFetch(options);
  const client = new Bitbucket({ baseUrl: clientBaseUrl, notice: false });
  client.requestHook.wrap((send: () => Promise<unknown>, going: RequestOnItsWay) => {
    // Note: the package turns whatever `fetch` rejects with into an `HTTPError` 500 that has lost everything but its message.
    let failure: unknown;
    // Note: the hooks of the package hand on the object they were called with, so it is changed in place. It is this call's own.
    going.request.fetch = (input, init) =>
      fetch(input, init).catch((error: unknown) => {
        failure = error;
        throw error;
      });
    return send().catch((error: unknown) => {
      throw failure ?? error;
    });
  });
  return client;
}
