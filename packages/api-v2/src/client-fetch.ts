import { bitbucketCloud, type BitbucketAuth, type FetchForOptions } from "@bitbucket-auth/core";
import { readAuth, readOptions } from "./read-options.js";

/** Whose tokens a client calls with, and how. */
export interface ClientFetchOptions extends FetchForOptions {
  readonly auth: BitbucketAuth;
  /** Without an account the consumer acts as itself. */
  readonly account?: string | undefined;
}

/** Where clients think Bitbucket's API is. */
export const clientBaseUrl: string = `${bitbucketCloud.apiUrl}/2.0`;

/**
 * A `fetch` for other people's clients (openapi-fetch, axios, `bitbucket` …) that were told Bitbucket Cloud's address.
 *
 * As core's `fetchFor()`, and two things more that clients need: the body of a `Request` is read first, so that the call can be
 * sent again after a 401; and what is aimed at Bitbucket Cloud goes where the `BitbucketAuth` has its API, a fake say. Throws
 * `InvalidOptionsError` without an `auth`.
 */
export function createClientFetch(options: ClientFetchOptions): typeof globalThis.fetch {
  const { auth: _auth, account, ...limits } = readOptions(options);
  const fetch = readAuth(options).fetchFor(account, limits);
  return async (input, init) => {
    if (!(input instanceof Request)) return fetch(atHome(String(input)), init);
    const { method, headers, signal, redirect, body } = input;
    const bytes = body === null ? undefined : await input.arrayBuffer();
    return fetch(atHome(input.url), {
      method,
      headers,
      signal,
      redirect,
      ...(bytes && { body: bytes }),
      ...init,
    });
  };
}

function atHome(url: string): string {
  return url.startsWith(`${bitbucketCloud.apiUrl}/`) ? url.slice(bitbucketCloud.apiUrl.length) : url;
}
