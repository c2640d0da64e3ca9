import type { Request } from "express";
import { readUrl } from "./read-url.js";

/** The origin a person sees in the address bar, as the request tells it: trust-proxy aware. `undefined`: it tells none. */
export function requestOrigin(req: Request): string | undefined {
  const host = forwardedHost(req) ?? req.headers.host;
  if (host === undefined || !/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host)) return undefined;
  const url = readUrl(`${req.protocol}://${host}`);
  // Note: a proxy may name any scheme, and most have no origin but `null`, which is what a sandboxed page calls itself.
  return url?.protocol.startsWith("http") ? url.origin : undefined;
}

/** Whether cookies can be kept to https. */
export function isSecure(req: Request, baseUrl: URL | undefined): boolean {
  return baseUrl?.protocol === "https:" || req.secure;
}

/** What the proxy that Express was told to trust saw as the host. Express 4 has no way to ask for it with its port. */
function forwardedHost(req: Request): string | undefined {
  const isTrusted: unknown = req.app.get("trust proxy fn");
  const forwarded = req.headers["x-forwarded-host"];
  if (typeof isTrusted !== "function" || typeof forwarded !== "string") return undefined;
  const trusted: unknown = isTrusted(req.socket.remoteAddress, 0);
  return trusted === true ? forwarded.split(",", 1)[0]?.trim() : undefined;
}
