import type { createBitbucketCloudClient } from "@coderabbitai/bitbucket/cloud";
import { clientBaseUrl, createClientFetch, type ClientFetchOptions } from "./client-fetch.js";
import { importPeer } from "./load-peer.js";

/** The client of `@coderabbitai/bitbucket`, typed by Atlassian's OpenAPI description. */
export type OpenApiClient = ReturnType<typeof createBitbucketCloudClient>;

/**
 * `@coderabbitai/bitbucket` on tokens that stay fresh. Its calls resolve with `{ data, error, response }` for what Bitbucket
 * says, and reject with core's errors where there is no token, no scope or no answer. Rejects with `InvalidOptionsError` when
 * `@coderabbitai/bitbucket` is not installed.
 */
export async function createAuthenticatedClient(options: ClientFetchOptions): Promise<OpenApiClient> {
  const { createBitbucketCloudClient: create } = await importPeer(
    "@coderabbitai/bitbucket",
    () => import(/* webpackIgnore: true */ "@coderabbitai/bitbucket/cloud"),
  );
  return create({
    baseUrl: clientBaseUrl,
    headers: { accept: "application/json" },
    fetch: createClientFetch(options),
  });
}
