import type { Request, Response } from "express";

/** What a page may say to the API. Everything else stays here: cookies, credentials, addresses, hop-by-hop headers. */
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

/** What the API may say to a page. Lengths and encodings are not among it: `fetch` has decoded the body. */
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

export function forwardedHeaders(req: Request): Headers {
  const headers = new Headers();
  for (const name of forwarded) {
    const value = req.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  return headers;
}

/**
 * Passes on status and headers. Files in repositories are written by others and arrive here as if this app had served them:
 * the browser may neither guess their type nor run anything in them.
 */
export function copyAnswerHeaders(answer: globalThis.Response, res: Response): void {
  res.status(answer.status);
  for (const name of returned) {
    const value = answer.headers.get(name);
    if (value !== null) res.setHeader(name, value);
  }
  res.setHeader("Cache-Control", "private, no-store");
  res.setHeader("Content-Security-Policy", "sandbox; default-src 'none'");
  res.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  res.setHeader("X-Content-Type-Options", "nosniff");
}
