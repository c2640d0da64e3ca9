import type { Request } from "express";

/**
 * Whether the browser wants to run what it asks for, as a script, a worker or a style sheet of this app. A sandbox in the
 * answer does not bind there: it is for documents.
 * @see https://fetch.spec.whatwg.org/#request-destination-script-like
 */
export function isWantedAsCode(req: Request): boolean {
  return /script|work|style|xslt/.test(String(req.headers["sec-fetch-dest"]));
}
