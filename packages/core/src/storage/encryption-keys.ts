import { InvalidOptionsError } from "../errors.js";
import type { EncryptionKeys } from "./token-storage.js";

/** Gives the master keys from elsewhere: a KMS, a vault, an OS keyring. Asked once, and again when a key id is unknown. */
export type KeyProvider = () => EncryptionKeys | Promise<EncryptionKeys>;

/** How records are sealed: master keys, or where to get them. */
export type EncryptionOptions = (EncryptionKeys | { readonly provider: KeyProvider }) & {
  /** Accept records that were written in clear before a key was configured; the next write seals them. */
  readonly migratePlaintext?: boolean;
};

/** What to run to make a key; part of the message of every error about a missing or wrong key. */
export const howToMakeAKey: string =
  "Make one with: node -e \"console.log(require('crypto').randomBytes(32).toString('base64url'))\" and pass " +
  "encryption: { current: 'k1', keys: { k1: Buffer.from(thatText, 'base64url') } }.";

/** Throws `InvalidOptionsError` unless every key is 32 bytes, ids are plain words and `current` is one of them. */
export function assertEncryptionKeys(given: EncryptionKeys): void {
  // Note: callers without types pass a passphrase, a key, or `current` alone.
  const { current, keys }: Partial<EncryptionKeys> = given ?? {};
  if (typeof current !== "string" || typeof keys !== "object" || keys === null) {
    throw new InvalidOptionsError(`encryption must be { current, keys } or { provider }. ${howToMakeAKey}`);
  }
  if (!Object.hasOwn(keys, current)) {
    throw new InvalidOptionsError(
      `encryption.current names a key id that encryption.keys does not hold. ${howToMakeAKey}`,
    );
  }
  for (const [id, key] of Object.entries(keys)) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) {
      throw new InvalidOptionsError("An encryption key id must be 1 to 64 letters, digits, '-' or '_'.");
    }
    if (!(key instanceof Uint8Array) || key.byteLength !== 32) {
      throw new InvalidOptionsError(
        `Encryption key "${id}" is not 32 bytes. A passphrase is not a key: derive one with scrypt. ${howToMakeAKey}`,
      );
    }
  }
}
