import { fromBase64Url, toBase64Url } from "./base64url.js";
import type { Consumer } from "./seed.js";

/** The claims of a Connect app's own JWT that the fake looks at. */
interface ConnectClaims {
  readonly iss: string;
  readonly exp: number;
}

/**
 * A JWT as a Connect app signs it with its shared secret (HS256). The consumer stands in for the app: its client id is
 * the issuer, its secret the shared secret.
 */
export async function signConnectJwt(
  { clientId, clientSecret }: Consumer,
  expiresAt: number,
): Promise<string> {
  const header = encode({ alg: "HS256", typ: "JWT" });
  const claims: ConnectClaims = { iss: clientId, exp: Math.floor(expiresAt / 1_000) };
  const signed = `${header}.${encode(claims)}`;
  const key = await importSecret(clientSecret, "sign");
  const signature = await globalThis.crypto.subtle.sign("HMAC", key, new TextEncoder().encode(signed));
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}

/** The consumer whose valid JWT this is; `null` when it is nobody's, wrongly signed or expired. */
export async function verifyConnectJwt(
  jwt: string,
  consumers: readonly Consumer[],
  now: number,
): Promise<Consumer | null> {
  const [, signed, claims, signature] = /^([\w-]+\.([\w-]+))\.([\w-]+)$/.exec(jwt) ?? [];
  if (signed === undefined || claims === undefined || signature === undefined) return null;
  const { iss, exp } = readClaims(claims);
  const consumer = consumers.find(({ clientId }) => clientId === iss);
  if (consumer === undefined || exp * 1_000 <= now) return null;
  const key = await importSecret(consumer.clientSecret, "verify");
  const bytes = new TextEncoder().encode(signed);
  return (await globalThis.crypto.subtle.verify("HMAC", key, fromBase64Url(signature), bytes))
    ? consumer
    : null;
}

function readClaims(claims: string): ConnectClaims {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(claims)));
    if (typeof parsed === "object" && parsed !== null && "iss" in parsed && "exp" in parsed)
      return { iss: String(parsed.iss), exp: Number(parsed.exp) };
  } catch {
    // Not JSON: nobody's claims.
  }
  return { iss: "", exp: 0 };
}

function importSecret(secret: string, use: "sign" | "verify"): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  return globalThis.crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [use]);
}

function encode(value: object): string {
  return toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
}
