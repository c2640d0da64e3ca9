import { http, passthrough, type RequestHandler } from "msw";
import { assertFake, createBitbucketMock, type BitbucketMock } from "./fake/mock.js";
import { assertNames } from "./fake/names.js";

/** Handlers that own Bitbucket's hosts, and the fake behind them. */
export type BitbucketHandlers = RequestHandler[] & { readonly mock: BitbucketMock };

/** Where the handlers listen. */
export interface BitbucketHandlersOptions {
  /** Origins to answer for besides Bitbucket's two, where a client is set up with another address. */
  readonly origins?: readonly string[] | undefined;
  /** Origins that requests may go out to. Those to loopback addresses always may. */
  readonly allow?: readonly string[] | undefined;
}

/**
 * Handlers for your own `setupServer()` or `setupWorker()`, on msw 2 and msw 3. Without a fake they bring one.
 *
 * Every request to `bitbucket.org` and `api.bitbucket.org` is answered here, one the fake does not know with 501 and an
 * entry in `mock.violations`: none of them reaches the network.
 */
export function bitbucketHandlers(
  mock: BitbucketMock = createBitbucketMock(),
  options: BitbucketHandlersOptions = {},
): BitbucketHandlers {
  assertFake(mock);
  assertNames(options, "bitbucketHandlers()", ["origins", "allow"]);
  const { origins = [], allow = [] } = options;
  for (const origin of origins) mock.serveAt(origin);
  const answer = async ({ request }: { request: Request }): Promise<Response> => {
    const exchange = await mock.exchange(request);
    // A rejection here would be printed by msw as an unhandled exception; this is a network failure to the client.
    return exchange.kind === "answered" ? exchange.response : Response.error();
  };
  const owned = ["https://bitbucket.org", "https://api.bitbucket.org", ...origins];
  const handlers = [
    ...owned.map((origin) => http.all(`${origin}/*`, answer)),
    ...allow.map(passingTo),
    passingToLoopback(),
  ];
  return Object.assign(handlers, { mock });
}

/**
 * Refuses every request that no handler takes, on both majors: msw 3 renamed the option and ignores the old name
 * silently, and then the request goes out. `listenStrictly()` lets loopback addresses pass as well.
 */
export const strictOptions = { onUnhandledRequest: "error", onUnhandledFrame: "error" } as const;

/** What may pass beside what the handlers take. */
export interface StrictnessOptions {
  /**
   * Origins that requests may go out to, such as `"https://registry.example"`. `server.resetHandlers()` forgets those given here, and
   * keeps those given to `bitbucketHandlers()`. Loopback addresses always may: that is where the app under test listens.
   */
  readonly allow?: readonly string[] | undefined;
}

/** Starts what `setupServer()` made. A request that no handler takes is refused, unless it goes to loopback or to `allow`. */
export function listenStrictly(
  server: {
    listen(options: typeof strictOptions): unknown;
    use(...handlers: RequestHandler[]): unknown;
    listHandlers(): readonly unknown[];
  },
  options: StrictnessOptions = {},
): void {
  assertNames(options, "listenStrictly()", ["allow"]);
  const { allow = [] } = options;
  server.listen(strictOptions);
  letPass(server, allow);
}

/** Starts what `setupWorker()` made, by the same rule. Resolves when the worker is ready. */
export async function startStrictly(
  worker: {
    start(options: typeof strictOptions): Promise<unknown>;
    use(...handlers: RequestHandler[]): unknown;
    listHandlers(): readonly unknown[];
  },
  options: StrictnessOptions = {},
): Promise<void> {
  assertNames(options, "startStrictly()", ["allow"]);
  const { allow = [] } = options;
  await worker.start(strictOptions);
  letPass(worker, allow);
}

/**
 * Handlers, and not a callback for unhandled requests: what a callback throws becomes an answer with the status 500, on both
 * majors, and what it does not throw goes out.
 */
function letPass(
  target: { use(...handlers: RequestHandler[]): unknown; listHandlers(): readonly unknown[] },
  allow: readonly string[],
): void {
  const passesLoopback = target
    .listHandlers()
    .some((handler) => isObject(handler) && loopbackHandlers.has(handler));
  const handlers = [...allow.map(passingTo), ...(passesLoopback ? [] : [passingToLoopback()])];
  if (handlers.length > 0) target.use(...handlers);
}

const loopbackHandlers = new WeakSet<object>();
const loopback = /^(https?|wss?):\/\/(localhost|[^/:]+\.localhost|127(\.\d+){3}|\[::1\])(:\d+)?(\/|$)/i;

function passingToLoopback(): RequestHandler {
  const handler = http.all(loopback, () => passthrough());
  loopbackHandlers.add(handler);
  return handler;
}

function passingTo(origin: string): RequestHandler {
  return http.all(`${new URL(origin).origin}/*`, () => passthrough());
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
