const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * An opaque value of the given length that cannot be guessed.
 *
 * Long ones have the outline of a JWT, as Bitbucket's have, and none of its meaning: reading one gets a client nowhere.
 */
export function randomToken(length: number): string {
  const letters = Array.from(randomBytes(length), (byte) => alphabet.charAt(byte & 63));
  if (length > 1_000) {
    letters[60] = ".";
    letters[length - 87] = ".";
  }
  return letters.join("");
}

/** A UUID in Bitbucket's braces. */
export function randomUuid(): string {
  return `{${globalThis.crypto.randomUUID()}}`;
}

function randomBytes(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

/** Bytes as text that needs no escaping in an address (RFC 4648 section 5), without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Bytes in base64 (RFC 4648 section 4), however many there are. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The bytes behind such a text. Throws when it is none. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Parameters whose values say nothing that must be kept. Every other value is hidden, known or not. */
const harmless = new Set([
  "client_id",
  "code_challenge_method",
  "decision",
  "grant_type",
  "page",
  "pagelen",
  "redirect_uri",
  "response_type",
  "role",
  "scope",
  "sort",
  "username",
]);

/** The parameters as a log may show them: a secret becomes its length. */
export function redactParameters(parameters: URLSearchParams): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from(parameters, ([name, value]) => [
      name,
      harmless.has(name) ? value : `[${value.length} characters]`,
    ]),
  );
}

/** The address as a log may show it. */
export function redactUrl(url: URL): string {
  const query = Object.entries(redactParameters(url.searchParams)).map(([name, value]) => `${name}=${value}`);
  return url.origin + url.pathname + (query.length > 0 ? `?${query.join("&")}` : "");
}

/** The two parts of Basic credentials (RFC 7617); `undefined` where they cannot be read. */
export function basicCredentials(
  encoded: string,
): { readonly username: string; readonly password: string } | undefined {
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const [, username, password] = /^([^:]*):(.*)$/s.exec(new TextDecoder().decode(bytes)) ?? [];
    return username === undefined || password === undefined ? undefined : { username, password };
  } catch {
    return undefined;
  }
}
