import type { Request } from "express";
import { requestOrigin } from "./request-origin.js";

/**
 * Whether a browser says that a page of this very origin made the request. What the browser says cannot be forged by a page.
 *
 * `proven`: it says so. `unsaid`: neither `Origin` nor `Sec-Fetch-Site` is there, as from programs and old browsers.
 * `foreign`: it says otherwise, be it a sibling subdomain.
 */
export function judgeOrigin(req: Request, baseUrl: URL | undefined): "proven" | "unsaid" | "foreign" {
  const { origin, "sec-fetch-site": site } = req.headers;
  if (site !== undefined && site !== "same-origin") return "foreign";
  // Note: a page under `Referrer-Policy: no-referrer`, helmet's default, sends its own forms with `Origin: null`.
  if (site !== undefined && (origin === undefined || origin === "null")) return "proven";
  if (origin === undefined) return "unsaid";
  return origin === baseUrl?.origin || origin === requestOrigin(req) ? "proven" : "foreign";
}
