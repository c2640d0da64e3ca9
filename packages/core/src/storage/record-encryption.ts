import { fromBase64Url, toBase64Url } from "../base64url.js";
import { RecordUnreadableError } from "../errors.js";
import { assertEncryptionKeys, type EncryptionOptions, type KeyProvider } from "./encryption-keys.js";
import { longCallMs, storageCall } from "./storage-call.js";
import type { EncryptionKeys } from "./token-storage.js";

/** Seals records for one place: what was sealed under one storage key opens under that key only. */
export interface RecordCipher {
  seal(storageKey: string, plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
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
  const masterKeys = new Map<string, Promise<CryptoKey>>();
  let loading: Promise<EncryptionKeys> | undefined;
  const load = async (): Promise<EncryptionKeys> => {
    // A key service that is down is a storage that is down: the record cannot be had, and may be later.
    const keys = await storageCall(provider, { who: "The encryption key provider", limitMs: longCallMs });
    assertEncryptionKeys(keys);
    return keys;
  };
  const keysNow = (): Promise<EncryptionKeys> => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  const keysWith = async (id: string): Promise<EncryptionKeys> => {
    const keys = await keysNow();
    if (Object.hasOwn(keys.keys, id)) return keys;
    // The known keys stay in use until newer ones are here: new tokens must not depend on a provider that is down.
    const newer = load();
    const found = await newer;
    loading = newer;
    return found;
  };
  const masterKey = (id: string, keys: EncryptionKeys): Promise<CryptoKey> => {
    // Note: the id comes from the record. `keys.constructor` must not be taken for a key.
    const raw = Object.hasOwn(keys.keys, id) ? keys.keys[id] : undefined;
    if (!raw) {
      throw new RecordUnreadableError(
        `The stored record was sealed with key "${id}", which is not among encryption.keys. Add that key; nothing was changed.`,
        { reason: "unknown_key" },
      );
    }
    const known =
      masterKeys.get(id) ?? crypto.subtle.importKey("raw", new Uint8Array(raw), "HKDF", false, ["deriveKey"]);
    masterKeys.set(id, known);
    return known;
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
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, plain);
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

/** The last character of base64url may have bits that mean nothing. One spelling alone is ours. */
function fromCanonicalBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = fromBase64Url(text);
  return bytes && toBase64Url(bytes) === text ? bytes : undefined;
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
