import type { WebRequest } from "./exchange.js";
import { readUrl } from "./options.js";

/** Longest `returnTo`, in characters once encoded: with it the cookie of an attempt stays below the 4 kB that browsers take. */
const longestReturnTo = 2048;
const nowhere = "http://return-to.invalid";

/**
 * Whether a browser says that a page of this very origin made the request. What the browser says cannot be forged by a page.
 *
 * `proven`: it says so. `unsaid`: neither `Origin` nor `Sec-Fetch-Site` is there, as from programs and old browsers.
 * `foreign`: it says otherwise, be it a sibling subdomain.
 */
export function judgeOrigin(request: WebRequest, baseUrl: URL | undefined): "proven" | "unsaid" | "foreign" {
  const origin = request.header("origin");
  const site = request.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin") return "foreign";
  // Note: a page under `Referrer-Policy: no-referrer`, helmet's default, sends its own forms with `Origin: null`.
  if (site !== undefined && (origin === undefined || origin === "null")) return "proven";
  if (origin === undefined) return "unsaid";
  return origin === baseUrl?.origin || origin === request.origin() ? "proven" : "foreign";
}

/**
 * Whether the browser wants to run what it asks for, as a script, a worker or a style sheet of this app. A sandbox in the
 * answer does not bind there: it is for documents.
 * @see https://fetch.spec.whatwg.org/#request-destination-script-like
 */
export function isWantedAsCode(request: WebRequest): boolean {
  return /script|work|style|xslt/.test(request.header("sec-fetch-dest") ?? "");
}

/** Whether cookies can be kept to https. */
export function isSecure({ secure }: WebRequest, baseUrl: URL | undefined): boolean {
  return baseUrl?.protocol === "https:" || secure;
}

/** The origin that a scheme and a `Host` header tell; `undefined` for what is none. */
export function originOf(scheme: string, host: string | undefined): string | undefined {
  if (host === undefined || !/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host)) return undefined;
  try {
    const url = new URL(`${scheme}://${host}`);
    // Note: a proxy may name any scheme, and most have no origin but `null`, which is what a sandboxed page calls itself.
    return url.protocol.startsWith("http") ? url.origin : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A path of this app to go back to, or `undefined` for anything that a later reader could take for another host once it has
 * decoded or normalized it: `//`, `/\`, `/%2f`, `/.//`, slashes of another alphabet. Spaces and letters
 * outside ASCII are encoded, as a browser would.
 */
export function readReturnTo(values: readonly string[]): string | undefined {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0 || value.length > longestReturnTo) return undefined;
  if (!/^\/(?! )[^\p{Cc}\p{Zl}\p{Zp}\\]*$/u.test(value)) return undefined;
  const url = readUrl(value, nowhere);
  if (url?.origin !== nowhere || !everyReadingStaysHere(url.pathname)) return undefined;
  const path = url.pathname + url.search + url.hash;
  return path.length <= longestReturnTo ? path : undefined;
}

/** However often the path is decoded, it starts with one slash and holds no control character. */
function everyReadingStaysHere(pathname: string): boolean {
  let reading = pathname;
  for (let depth = 0; depth < 4; depth++) {
    if (leaves(reading) || leaves(reading.normalize("NFKC"))) return false;
    const decoded = decode(reading);
    // A per cent sign that starts nothing: wrong in an address, and the end of decoding in what it stands for.
    if (decoded === undefined) return depth > 0;
    if (decoded === reading) return true;
    reading = decoded;
  }
  return false;
}

function leaves(reading: string): boolean {
  return /^\/\s*[/\\]|[\p{Cc}\\]/u.test(reading);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
