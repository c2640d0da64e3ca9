import type * as jose from "jose";
import { parseCookie, stringifySetCookie } from "cookie";
import type { WebAnswer, WebRequest } from "./exchange.js";

/** Longest value that any cookie of ours has. */
const longestValue = 4096;

/**
 * The value of one cookie, and none when it was sent twice: a browser does so when an attacker has planted the second one
 * (from a subdomain, or for a longer path), and which of the two is ours cannot be told.
 */
export function readCookie(request: WebRequest, name: string): string | undefined {
  const line = request.header("cookie");
  if (line === undefined) return undefined;
  const start = `${name}=`;
  const at = line.indexOf(start);
  if (at === -1) return undefined;
  let value: string | undefined;
  // The usual line has it once, where a cookie starts: no list has to be made of it.
  if (line.indexOf(start, at + 1) === -1 && (at === 0 || line.startsWith("; ", at - 2))) {
    const end = line.indexOf(";", at);
    value = line.slice(at + start.length, end === -1 ? undefined : end).trimEnd();
    return value.length <= longestValue ? value : undefined;
  }
  for (const pair of line.split(";")) {
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
  request: WebRequest,
  prefix: string,
): { readonly name: string; readonly length: number }[] {
  const cookies = Object.entries(parseCookie(request.header("cookie") ?? ""));
  return cookies
    .filter(([name]) => name.startsWith(prefix) && /^[\w-]+$/.test(name))
    .map(([name, value = ""]) => ({ name, length: name.length + value.length }));
}

/** Sets a cookie that scripts cannot read and other sites cannot send along, besides those that are already set. */
export function setCookie(
  answer: Pick<WebAnswer, "cookies">,
  { name, value, maxAgeMs, secure }: { name: string; value: string; maxAgeMs: number; secure: boolean },
): void {
  const maxAge = Math.floor(maxAgeMs / 1000);
  answer.cookies.push(
    stringifySetCookie({ name, value, maxAge, path: "/", httpOnly: true, secure, sameSite: "lax" }),
  );
}

/** Makes the browser forget a cookie. */
export function clearCookie(answer: Pick<WebAnswer, "cookies">, name: string, secure: boolean): void {
  setCookie(answer, { name, value: "", maxAgeMs: 0, secure });
}

/** The name of a cookie: with `__Host-` the browser vouches that no other host and no plain http has set it. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}

/** Encrypts and authenticates what a browser keeps for us (RFC 7516, `dir` with A256GCM). */
export interface CookieSealer {
  seal(content: Uint8Array): Promise<string>;
  /** `undefined` for anything that no secret of ours has sealed for this purpose. */
  open(sealed: string): Promise<Uint8Array | undefined>;
}

type Jose = typeof jose;

const header = { alg: "dir", enc: "A256GCM" };
const algorithms = { keyManagementAlgorithms: [header.alg], contentEncryptionAlgorithms: [header.enc] };

/** Loaded when the first cookie is sealed or opened: it is most of what an import of this package would cost. */
let loading: Promise<Jose> | undefined;
const loadJose = (): Promise<Jose> => (loading ??= import("jose"));

/** Keys are derived from secret and purpose, so that a cookie of one kind never opens as one of another. */
export function createCookieSealer(secrets: readonly string[], purpose: string): CookieSealer {
  let derived: Promise<Uint8Array[]> | undefined;
  const keys = (): Promise<Uint8Array[]> =>
    (derived ??= Promise.all(secrets.map((secret) => deriveKey(secret, `bitbucket-auth ${purpose}`))));
  return {
    async seal(content) {
      const [{ CompactEncrypt }, [current = new Uint8Array()]] = await Promise.all([loadJose(), keys()]);
      return new CompactEncrypt(content).setProtectedHeader(header).encrypt(current);
    },
    async open(sealed) {
      const [library, candidates] = await Promise.all([loadJose(), keys()]);
      for (const key of candidates) {
        const content = await openWith(library, key, sealed);
        if (content) return content;
      }
      return undefined;
    },
  };
}

async function openWith(
  { compactDecrypt, errors }: Jose,
  key: Uint8Array,
  sealed: string,
): Promise<Uint8Array | undefined> {
  try {
    return (await compactDecrypt(sealed, key, algorithms)).plaintext;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** HKDF with SHA-256 and no salt (RFC 5869): secrets are random already. */
async function deriveKey(secret: string, info: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, [
    "deriveBits",
  ]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, material, 256));
}
