import type { Exchange } from "./exchange.js";
import type { NetworkFailure } from "./faults.js";

/** The codes Node's own fetch leaves on the cause of its `TypeError`: clients tell sent from unsent by them. */
const systemCodes: Readonly<Record<NetworkFailure, string>> = {
  reset: "ECONNRESET",
  refused: "ECONNREFUSED",
  dns: "ENOTFOUND",
};

/** A browser stops here. */
const mostRedirects = 20;

/**
 * `fetch` over exchanges: rejects as the real one does when the network fails, when the signal aborts, and on a redirect
 * that the request forbids. Redirects of the token endpoint and the API are followed unless the request says otherwise;
 * those of the consent page are answered as they stand, because they lead to the app.
 */
export function createMockFetch(carryOut: (request: Request) => Promise<Exchange>): typeof globalThis.fetch {
  return async (input, init) => {
    let request = new Request(input, init);
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      request.signal.throwIfAborted();
      const body = await request.clone().arrayBuffer();
      const exchange = await unlessAborted(carryOut(request), request.signal);
      if (exchange.kind === "failed") throw networkError(systemCodes[exchange.failure]);
      const { response, op } = exchange;
      const location =
        response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
      if (location === null || op === "authorize" || request.redirect === "manual") return response;
      if (request.redirect === "error") break;
      request = redirectedRequest(request, body, response.status, new URL(location, request.url));
    }
    throw new TypeError("fetch failed", { cause: new Error("unexpected redirect") });
  };
}

function networkError(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

/** Settles with the work, or rejects with the signal's reason as soon as it aborts; the work goes on alone then. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(signal.reason);
    signal.addEventListener("abort", abandon, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abandon));
  });
}

/** What a browser or Node sends after a redirect: method, body and credentials by the rules of the Fetch standard. */
function redirectedRequest(request: Request, body: ArrayBuffer, status: number, location: URL): Request {
  const becomesGet = status === 303 || (status < 303 && request.method === "POST");
  const headers = new Headers(request.headers);
  if (location.origin !== new URL(request.url).origin) headers.delete("authorization");
  if (becomesGet) headers.delete("content-type");
  return new Request(location, {
    method: becomesGet ? "GET" : request.method,
    headers,
    signal: request.signal,
    redirect: request.redirect,
    ...(!becomesGet && body.byteLength > 0 && { body }),
  });
}
