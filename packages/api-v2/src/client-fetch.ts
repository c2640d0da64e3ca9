import { bitbucketCloud, type FetchForOptions } from "@bitbucket-auth/core";
import { assertOptions } from "@bitbucket-auth/core/internal";
import { fetchOf, type AccountOptions, type CredentialOptions } from "./options.js";

/** What `createClientFetch` and both `createAuthenticatedClient` take: an account or a credential, and core's `FetchForOptions`. */
export type ClientFetchOptions = (AccountOptions | CredentialOptions) & FetchForOptions;

const accountNames = ["auth", "account", "credential"];
const optionNames = [...accountNames, "timeoutMs", "rateLimitBudgetMs", "archives", "waitUntil"];

/** The address of Bitbucket Cloud's API, as clients know it. */
export const clientBaseUrl: string = `${bitbucketCloud.apiUrl}/2.0`;

/**
 * A `fetch` for any client that takes one: openapi-fetch, axios, ofetch, `bitbucket`.
 *
 * As core's `fetchFor()`, with two additions for clients: the body of a `Request` is read first, so that the call can be sent
 * again after a 401; and a call to Bitbucket Cloud's address goes to the API of the `BitbucketAuth` or credential, which may
 * be a fake. Throws `InvalidOptionsError` without an `auth` or a `credential`, and for unknown options.
 */
export function createClientFetch(options: ClientFetchOptions): typeof globalThis.fetch {
  assertOptions(options, "createClientFetch()", optionNames);
  const { timeoutMs, rateLimitBudgetMs, archives, waitUntil } = options;
  const fetch = fetchOf(options)({ timeoutMs, rateLimitBudgetMs, archives, waitUntil });
  return async (input, init) => {
    if (!isRequest(input)) return fetch(toPathOfApi(String(input)), init);
    const { method, headers, signal, redirect, body } = input;
    const bytes = body === null ? undefined : await input.arrayBuffer();
    return fetch(toPathOfApi(input.url), {
      method,
      headers,
      signal,
      redirect,
      ...(bytes && { body: bytes }),
      ...init,
    });
  };
}

/** Judged by shape: a client may bring a `Request` of its own, or of another realm. */
function isRequest(input: RequestInfo | URL): input is Request {
  return typeof input === "object" && "arrayBuffer" in input && "url" in input;
}

/** Bitbucket Cloud's address as a path, so that the call goes to the API of the `BitbucketAuth` or credential. */
function toPathOfApi(url: string): string {
  return url.startsWith(`${bitbucketCloud.apiUrl}/`) ? url.slice(bitbucketCloud.apiUrl.length) : url;
}
