/** What core passes to ofetch beside what goes to `fetch`: one attempt, no status is an error, the body is left alone. */
interface RawOptions extends RequestInit {
  readonly retry?: unknown;
  readonly ignoreResponseError?: unknown;
  readonly responseType?: unknown;
}

/**
 * What core uses of `ofetch` to post to the token endpoint, and nothing more: `fetch`, once. The bundle has this in its place
 * (rolldown.config.js). A rejection is passed on as it is; core lets nothing of it out but the platform's code.
 */
export const createFetch = ({
  fetch,
}: {
  readonly fetch: typeof globalThis.fetch;
}): { raw(url: string, options: RawOptions): Promise<Response> } => ({
  raw: async (url, { retry: _once, ignoreResponseError: _always, responseType: _stream, ...init }) =>
    fetch(url, init),
});
