import { parseCookie, stringifySetCookie } from "cookie";
import type { Request, Response } from "express";

/** Longest value that any cookie of ours has. */
const longestValue = 4096;

/**
 * The value of one cookie, and none when it was sent twice: a browser does so when somebody has planted the second one
 * (from a subdomain, or for a longer path), and which of the two is ours cannot be told.
 */
export function readCookie(req: Request, name: string): string | undefined {
  const start = `${name}=`;
  let value: string | undefined;
  for (const pair of req.headers.cookie?.split(";") ?? []) {
    const sent = pair.trim();
    if (!sent.startsWith(start)) continue;
    if (value !== undefined) return undefined;
    // Ours need no decoding: they are base64url and dots.
    value = sent.slice(start.length);
  }
  return value !== undefined && value.length <= longestValue ? value : undefined;
}

/** The names of the cookies that start with `prefix`, each with its length on the wire, oldest first as browsers send them. */
export function cookiesNamed(
  req: Request,
  prefix: string,
): { readonly name: string; readonly length: number }[] {
  const cookies = Object.entries(parseCookie(req.headers.cookie ?? ""));
  return cookies
    .filter(([name]) => name.startsWith(prefix) && /^[\w-]+$/.test(name))
    .map(([name, value = ""]) => ({ name, length: name.length + value.length }));
}

/** Sets a cookie that scripts cannot read and other sites cannot send along, besides those that are already set. */
export function setCookie(
  res: Response,
  { name, value, maxAgeMs, secure }: { name: string; value: string; maxAgeMs: number; secure: boolean },
): void {
  const maxAge = Math.floor(maxAgeMs / 1000);
  res.append(
    "Set-Cookie",
    stringifySetCookie({ name, value, maxAge, path: "/", httpOnly: true, secure, sameSite: "lax" }),
  );
}

/** Makes the browser forget a cookie. */
export function clearCookie(res: Response, name: string, secure: boolean): void {
  setCookie(res, { name, value: "", maxAgeMs: 0, secure });
}

/** The name of a cookie: with `__Host-` the browser vouches that no other host and no plain http has set it. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}
