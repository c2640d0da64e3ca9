import { InvalidOptionsError, RecordUnreadableError } from "../errors.js";
import { join, lost } from "../sharing.js";
import { fromBase64Url, toBase64Url } from "../text.js";
import { longCallMs, storageCall } from "./storage-call.js";
import type { EncryptionKeys } from "./token-storage.js";

/** Gives the master keys from elsewhere: a KMS, a vault, an OS keyring. Asked once, and again when a key id is unknown. */
export type KeyProvider = () => EncryptionKeys | Promise<EncryptionKeys>;

/** How records are sealed: master keys, or where to get them. */
export type EncryptionOptions = (EncryptionKeys | { readonly provider: KeyProvider }) & {
  /** Accept records that were written in clear before a key was configured; the next write seals them. */
  readonly migratePlaintext?: boolean | undefined;
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
    if (!isBytes(key) || key.byteLength !== 32) {
      throw new InvalidOptionsError(
        `Encryption key "${id}" is not 32 bytes. A passphrase is not a key: derive one with scrypt. ${howToMakeAKey}`,
      );
    }
  }
}

/** By shape: every realm (jest, jsdom, a vm) has a `Uint8Array` of its own. */
function isBytes(key: unknown): boolean {
  return ArrayBuffer.isView(key) && Object.prototype.toString.call(key) === "[object Uint8Array]";
}

/** Seals records for one place: what was sealed under one storage key opens under that key only. */
export interface RecordCipher {
  seal(storageKey: string, plain: Uint8Array): Promise<Uint8Array>;
  /** Rejects with `RecordUnreadableError`; the bytes are never changed. */
  open(storageKey: string, bytes: Uint8Array): Promise<Uint8Array>;
  /** 128 bits that stand for a token where the token itself must not appear. Stable for one master key. */
  fingerprint(token: string): Promise<string>;
}

const envelope = "bb1";
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const isSealed = (bytes: Uint8Array): boolean =>
  new TextDecoder().decode(bytes.subarray(0, envelope.length + 1)) === `${envelope}.`;

/** Leaves records readable. Refuses sealed ones, so that a forgotten key is noticed. */
export const plaintextCipher: RecordCipher = {
  async seal(_storageKey, plain) {
    return plain;
  },
  async open(_storageKey, bytes) {
    if (!isSealed(bytes)) return bytes;
    throw new RecordUnreadableError(
      "The stored record is encrypted, but no encryption key is configured. Pass the keys it was written with.",
      { reason: "sealed" },
    );
  },
  async fingerprint(token) {
    const digest = await crypto.subtle.digest("SHA-256", utf8(token));
    return toBase64Url(new Uint8Array(digest, 0, 16));
  },
};

/**
 * Seals with AES-256-GCM under a key derived by HKDF-SHA-256 from the current master key, a fresh salt and nonce per
 * write: `bb1.<key id>.<salt>.<nonce>.<ciphertext>`. Key id and storage key are associated data, so a record moved to
 * another account does not open. Putting an older version of the same record back cannot be noticed.
 */
export function createRecordCipher(options: EncryptionOptions): RecordCipher {
  const provider: KeyProvider = "provider" in options ? options.provider : () => options;
  // Kept when they are there: a promise of theirs may belong to a request that a platform has ended.
  const masterKeys = new Map<string, CryptoKey>();
  let known: EncryptionKeys | undefined;
  let loading: Promise<EncryptionKeys> | undefined;
  const load = async (): Promise<EncryptionKeys> => {
    // A key service that is down counts as a storage that is down: the record cannot be read now, and may be later.
    const keys = await storageCall(provider, { who: "The encryption key provider", limitMs: longCallMs });
    assertEncryptionKeys(keys);
    return keys;
  };
  const forget = (ended: Promise<EncryptionKeys>): void => {
    if (loading === ended) loading = undefined;
  };
  const loadFirst = async (): Promise<EncryptionKeys> => {
    const own = load();
    loading = own;
    try {
      known = await own;
      return known;
    } finally {
      forget(own);
    }
  };
  const keysNow = async (): Promise<EncryptionKeys> => {
    while (!known) {
      const running = loading;
      if (!running) return loadFirst();
      const found = await join(running, longCallMs);
      if (found !== lost) return found;
      forget(running);
    }
    return known;
  };
  const keysWith = async (id: string): Promise<EncryptionKeys> => {
    const keys = await keysNow();
    if (Object.hasOwn(keys.keys, id)) return keys;
    // The known keys stay in use until newer ones are here: new tokens must not depend on a provider that is down.
    known = await load();
    return known;
  };
  const masterKey = async (id: string, keys: EncryptionKeys): Promise<CryptoKey> => {
    // Note: the id comes from the record. `keys.constructor` must not be taken for a key.
    const raw = Object.hasOwn(keys.keys, id) ? keys.keys[id] : undefined;
    if (!raw) {
      const remedy = keys.origin
        ? `is not in ${keys.origin}. Restore the one it was in, or sign in again`
        : "is not among encryption.keys. Add that key";
      throw new RecordUnreadableError(
        `The stored record was sealed with key "${id}", which ${remedy}; nothing was changed.`,
        { reason: "unknown_key" },
      );
    }
    const key =
      masterKeys.get(id) ??
      (await crypto.subtle.importKey("raw", new Uint8Array(raw), "HKDF", false, ["deriveKey"]));
    masterKeys.set(id, key);
    return key;
  };
  const derive = async (
    id: string,
    keys: EncryptionKeys,
    salt: Uint8Array<ArrayBuffer>,
    use: DerivedUse,
  ): Promise<CryptoKey> =>
    crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt, info: utf8(`${envelope}|${id}|${use.info}`) },
      await masterKey(id, keys),
      use.algorithm,
      false,
      [...use.usages],
    );
  const associatedData = (id: string, storageKey: string): Uint8Array<ArrayBuffer> =>
    utf8(`${envelope}|${id}|bitbucket-auth|${storageKey}|1`);

  return {
    async seal(storageKey, plain) {
      const keys = await keysNow();
      const id = keys.current;
      const salt = crypto.getRandomValues(new Uint8Array(16));
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const key = await derive(id, keys, salt, sealing);
      const additionalData = associatedData(id, storageKey);
      const sealed = await crypto.subtle.encrypt(
        { name: "AES-GCM", iv, additionalData },
        key,
        new Uint8Array(plain),
      );
      return utf8(
        [envelope, id, toBase64Url(salt), toBase64Url(iv), toBase64Url(new Uint8Array(sealed))].join("."),
      );
    },

    async open(storageKey, bytes) {
      if (!isSealed(bytes)) {
        if (options.migratePlaintext) return bytes;
        throw new RecordUnreadableError(
          "The stored record is not encrypted although a key is configured. Set encryption.migratePlaintext if it is from before.",
          { reason: "plaintext" },
        );
      }
      const [, id = "", ...parts] = new TextDecoder().decode(bytes).split(".");
      const [salt, iv, sealed] = parts.map(fromCanonicalBase64Url);
      if (parts.length !== 3 || !salt || !iv || !sealed) throw unreadable();
      const key = await derive(id, await keysWith(id), salt, sealing);
      const additionalData = associatedData(id, storageKey);
      const plain = await crypto.subtle
        .decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed)
        .catch(() => {
          throw unreadable();
        });
      return new Uint8Array(plain);
    },

    async fingerprint(token) {
      const keys = await keysNow();
      const key = await derive(keys.current, keys, new Uint8Array(16), fingerprinting);
      const mac = await crypto.subtle.sign("HMAC", key, utf8(token));
      return toBase64Url(new Uint8Array(mac, 0, 16));
    },
  };
}

/** The last character of base64url may have unused bits, so that several texts decode alike: only the one we write is accepted. */
function fromCanonicalBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = fromBase64Url(text);
  return bytes && toBase64Url(bytes) === text ? new Uint8Array(bytes) : undefined;
}

interface DerivedUse {
  readonly info: string;
  readonly algorithm: AesKeyGenParams | HmacKeyGenParams;
  readonly usages: readonly KeyUsage[];
}

const sealing: DerivedUse = {
  info: "record",
  algorithm: { name: "AES-GCM", length: 256 },
  usages: ["encrypt", "decrypt"],
};
const fingerprinting: DerivedUse = {
  info: "fingerprint",
  algorithm: { name: "HMAC", hash: "SHA-256", length: 256 },
  usages: ["sign"],
};

function unreadable(): RecordUnreadableError {
  return new RecordUnreadableError(
    "The stored record does not open with the configured key: it is damaged, belongs to another account, or the key is another one " +
      "under the same id. It was left as it is.",
    { reason: "unreadable" },
  );
}
