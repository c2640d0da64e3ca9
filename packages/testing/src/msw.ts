import { http, type RequestHandler } from "msw";
import { createBitbucketMock, type BitbucketMock } from "./bitbucket-mock.js";

/** Handlers that own Bitbucket's hosts, and the fake behind them. */
export type BitbucketHandlers = RequestHandler[] & { readonly mock: BitbucketMock };

/** Where the handlers listen. */
export interface BitbucketHandlersOptions {
  /** Origins to answer for besides Bitbucket's two, where a client is set up with another address. */
  readonly origins?: readonly string[];
}

/**
 * Handlers for your own `setupServer()` or `setupWorker()`, on msw 2 and msw 3. Without a fake they bring one.
 *
 * Every request to `bitbucket.org` and `api.bitbucket.org` is answered here, one the fake does not know with 501 and an
 * entry in `mock.violations`: none of them reaches the network.
 */
export function bitbucketHandlers(
  mock: BitbucketMock = createBitbucketMock(),
  { origins = [] }: BitbucketHandlersOptions = {},
): BitbucketHandlers {
  for (const origin of origins) mock.serveAt(origin);
  const answer = async ({ request }: { request: Request }): Promise<Response> => {
    const exchange = await mock.exchange(request);
    // Note: a rejection here would be printed by msw as an unhandled exception; this is a network failure to the client.
    return exchange.kind === "answered" ? exchange.response : Response.error();
  };
  const owned = ["https://bitbucket.org", "https://api.bitbucket.org", ...origins];
  const handlers = owned.map((origin) => http.all(`${origin}/*`, answer));
  return Object.assign(handlers, { mock });
}

/**
 * Refuses every request that no handler takes, on both majors: msw 3 renamed the option and ignores the old name without
 * a word, and then the request goes out.
 */
export const strictOptions = { onUnhandledRequest: "error", onUnhandledFrame: "error" } as const;

/** Starts what `setupServer()` made, strictly. */
export function listenStrictly(server: { listen(options: typeof strictOptions): unknown }): void {
  server.listen(strictOptions);
}

/** Starts what `setupWorker()` made, strictly. Resolves when the worker is ready. */
export async function startStrictly(worker: {
  start(options: typeof strictOptions): Promise<unknown>;
}): Promise<void> {
  await worker.start(strictOptions);
}
