import type { WebAnswer, WebRequest } from "./exchange.js";
import { readUrl } from "./options.js";
import { ProxyRefusedError } from "./problem.js";

const nowhere = "http://api.invalid";

/** Between two commits Bitbucket's own links have an encoded carriage return: `/diff/acme/site:1f2e%0Dacme/site:3c4d`. */
const comparison = /^(\/2\.0\/repositories\/[^/]+\/[^/]+\/(?:diff|diffstat|patch)\/(?:(?!%0D).)+)%0D(?=.)/i;

/**
 * The API path and query behind the proxy's prefix. Throws for anything that is not below `/2.0/` however it is read:
 * absolute URLs, `..` in any encoding, backslashes, control characters.
 */
export function readApiPath(target: string, prefix: string): string {
  const refuse = (): never => {
    throw new ProxyRefusedError("Only paths below /2.0/ are forwarded.", { status: 400 });
  };
  if (!target.startsWith(`${prefix}/`)) return refuse();
  const path = target.slice(prefix.length);
  if (!/^\/2\.0\/[!-~]*$/.test(path) || path.includes("\\")) return refuse();
  const url = readUrl(path, nowhere);
  if (url?.origin !== nowhere || !url.pathname.startsWith("/2.0/")) return refuse();
  // Note: as a letter and as nothing, for a reader further on that drops it.
  if (["$1-", "$1"].some((reading) => climbs(url.pathname.replace(comparison, reading)))) return refuse();
  return url.pathname + url.search;
}

/**
 * Whether some reader could find a `.`, `..` or control character in it, once or twice decoded. Some take what follows a `;`
 * for a parameter: to them `..;` is `..`.
 */
function climbs(pathname: string): boolean {
  let reading = pathname;
  for (let depth = 0; depth < 3; depth++) {
    if (/[/\\]\.{1,2}(?:[/\\;]|$)|\p{Cc}/u.test(reading)) return true;
    try {
      reading = decodeURIComponent(reading);
    } catch {
      // A lone per cent sign, in the second reading of a name that holds one.
      return depth === 0;
    }
  }
  return false;
}

/** Request headers that go to the API. Nothing else does: no cookies, credentials, addresses or hop-by-hop headers. */
const forwarded = [
  "accept",
  "accept-language",
  "content-encoding",
  "content-type",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "range",
];

/** Response headers that go to the page. Lengths and encodings do not: `fetch` has decoded the body. */
const returned = [
  "accept-ranges",
  "content-disposition",
  "content-language",
  "content-range",
  "content-type",
  "etag",
  "last-modified",
  "link",
  "location",
  "retry-after",
  "x-ratelimit-limit",
  "x-ratelimit-resource",
  "x-ratelimit-nearlimit",
  "x-request-id",
];

/** The headers of a page's request that go to the API. */
export function forwardedHeaders(request: WebRequest): Headers {
  const headers = new Headers();
  for (const name of forwarded) {
    const value = request.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  return headers;
}

/**
 * Passes on what a page may know. Files in repositories are written by others and arrive here as if this app had served them:
 * the browser may neither guess their type nor run anything in them.
 */
export function copyAnswerHeaders(received: Response, { headers }: Pick<WebAnswer, "headers">): void {
  for (const name of returned) {
    const value = received.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  headers.set("cache-control", "private, no-store");
  headers.set("content-security-policy", "sandbox; default-src 'none'");
  headers.set("cross-origin-resource-policy", "same-origin");
  headers.set("x-content-type-options", "nosniff");
}
