import { hkdfSync } from "node:crypto";
import { CompactEncrypt, compactDecrypt, errors } from "jose";

/** Encrypts and authenticates what a browser keeps for us (RFC 7516, `dir` with A256GCM). */
export interface CookieSealer {
  seal(content: Uint8Array): Promise<string>;
  /** `undefined` for anything that no secret of ours has sealed for this purpose. */
  open(sealed: string): Promise<Uint8Array | undefined>;
}

const header = { alg: "dir", enc: "A256GCM" };
const algorithms = { keyManagementAlgorithms: [header.alg], contentEncryptionAlgorithms: [header.enc] };

/** Keys are derived from secret and purpose, so that a cookie of one kind never opens as one of another. */
export function createCookieSealer(secrets: readonly string[], purpose: string): CookieSealer {
  const keys = secrets.map(
    (secret) => new Uint8Array(hkdfSync("sha256", secret, "", `bitbucket-auth ${purpose}`, 32)),
  );
  const [current = new Uint8Array()] = keys;
  return {
    seal: (content) => new CompactEncrypt(content).setProtectedHeader(header).encrypt(current),
    async open(sealed) {
      for (const key of keys) {
        const content = await openWith(key, sealed);
        if (content) return content;
      }
      return undefined;
    },
  };
}

async function openWith(key: Uint8Array, sealed: string): Promise<Uint8Array | undefined> {
  try {
    return (await compactDecrypt(sealed, key, algorithms)).plaintext;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
