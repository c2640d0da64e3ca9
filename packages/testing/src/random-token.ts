const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * An opaque value of the given length that nobody can guess.
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
