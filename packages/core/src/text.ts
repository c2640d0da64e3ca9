/**
 * A value that is made when it is first asked for, and kept. For schemas: made on import, they would cost every program their
 * time. Mark the call `/* @__PURE__ *\/`, so that a bundler drops it where nothing asks.
 */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Parses JSON from outside; `undefined` when it is not JSON. The value has not been checked. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The absolute URL that a text is, on its own or from a base, or `undefined`. Note: not by `URL.canParse`, which in Node 22.23
 * comes to say no to good hosts with Latin-1 letters once it has been called some thousand times.
 */
export function readUrl(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** Base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Base64url without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Reads base64url; `undefined` when it is not. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) =>
      char.charCodeAt(0),
    );
  } catch {
    return undefined;
  }
}

/** The name of what was thrown, by shape: an error of another realm is no `Error` of this one. Its message may hold anything. */
export function nameOfThrown(error: unknown): string {
  return wordIn(error, ["name"]);
}

/** As `nameOfThrown`, but its `code` comes first: of an error of the platform that says more (`ECONNRESET`). */
export function codeOfThrown(error: unknown): string {
  return wordIn(error, ["code", "name"]);
}

function wordIn(error: unknown, fields: readonly string[]): string {
  if (typeof error !== "object" || error === null) return typeof error;
  for (const field of fields) {
    const word: unknown = Reflect.get(error, field);
    if (typeof word === "string" && /^\w{1,40}$/.test(word)) return word;
  }
  return typeof error;
}
