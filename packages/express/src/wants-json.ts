import type { Request } from "express";

/** What a browser fetches to show it as a page. */
const pages: ReadonlySet<string> = new Set(["document", "iframe", "frame", "embed", "object"]);

/** Whether a program asks and not a person: a redirect to a consent page would be of no use to it. */
export function wantsJson(req: Request): boolean {
  const { "sec-fetch-dest": destination, accept = "" } = req.headers;
  if (typeof destination === "string" && !pages.has(destination)) return true;
  if (req.xhr || req.accepts(["html", "json"]) === "json") return true;
  return /\+json\b/.test(accept) && !accept.includes("html");
}
