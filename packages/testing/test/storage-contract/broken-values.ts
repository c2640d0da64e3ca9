import { posix } from "node:path";
import { createMemoryStorage } from "@bitbucket-auth/core";
import {
  breaking,
  collated,
  confusing,
  overwrite,
  type BrokenStorages,
  type OpenBroken,
} from "./breaking.ts";

export const brokenValues: BrokenStorages = {
  "an entry stays until the time it may be forgotten": forgetting(() => Date.now() + 1),

  "a write that may not be forgotten outlives the expiry of the one before": forgetting(
    (expireAt, before) => expireAt ?? before,
  ),

  "a tombstone outlives the expiry of the entry it replaced": breaking((sound) => {
    let forgetAt = Number.POSITIVE_INFINITY;
    return {
      async compareAndSwap(...write) {
        const result = await sound.compareAndSwap(...write);
        if (!result.ok && result.deleted && Date.now() > forgetAt) return overwrite(sound, ...write);
        forgetAt = write[3].expireAt ?? forgetAt;
        return result;
      },
    };
  }),

  // Filters what it reads by the expiry, and forgets that writes meet the row.
  "an expired entry is whole or gone, for a read, a first write and a list alike": forgetting(
    (expireAt) => expireAt ?? Number.POSITIVE_INFINITY,
  ),

  "a lease outlives the expiry of its entry": breaking((sound) => {
    const expiries = new Map<string, number>();
    return {
      compareAndSwap(key, expected, bytes, options) {
        if (options.expireAt !== undefined) expiries.set(key, options.expireAt);
        return sound.compareAndSwap(key, expected, bytes, options);
      },
      // One row holds both, and the purge takes it.
      tryLease: (key, options) =>
        Date.now() > (expiries.get(key) ?? Number.POSITIVE_INFINITY)
          ? createMemoryStorage().tryLease(key, options)
          : sound.tryLease(key, options),
    };
  }),

  "an entry of 8 kB fits": storing((bytes) => bytes.slice(0, 4096)),

  "an entry of 64 kB fits, or as much as caps.maxBytes says": storing((bytes) => bytes.slice(0, 2 ** 16 - 1)),

  "every byte value survives": storing((bytes) => new TextEncoder().encode(new TextDecoder().decode(bytes))),

  "an empty entry is an entry": breaking((sound) => ({
    async get(key) {
      const entry = await sound.get(key);
      return entry?.bytes.length ? entry : null;
    },
  })),

  "a longer entry leaves nothing behind in a shorter one": breaking((sound) => ({
    async compareAndSwap(key, expected, bytes, options) {
      const onTop = (await sound.get(key))?.bytes.slice() ?? bytes;
      onTop.set(bytes);
      return sound.compareAndSwap(key, expected, onTop, options);
    },
  })),

  "changing bytes after they were written changes nothing stored": keepingReferences(
    (bytes) => bytes,
    (bytes) => bytes.slice(),
  ),

  "changing bytes that were read changes nothing stored": keepingReferences(
    (bytes) => bytes.slice(),
    (bytes) => bytes,
  ),

  "keys that differ in case alone are apart": confusing((key) => key.toLowerCase()),
  "keys that differ in a trailing space or an accent alone are apart": confusing(collated),

  "versions that differ in case, an accent or a trailing space alone are apart": breaking((sound) => ({
    async compareAndSwap(key, expected, bytes, options) {
      const stored = (await sound.get(key))?.version;
      if (stored !== undefined && collated(stored) === collated(options.version)) return { ok: true };
      return sound.compareAndSwap(key, expected, bytes, options);
    },
  })),

  "keys with separators and braces are apart": confusing((key) => key.replaceAll(/[^a-z]/g, "_")),
  "keys that look like paths are apart": confusing((key) => posix.normalize(key)),
  "keys that look alike in unicode are apart": confusing((key) => key.normalize("NFC")),
  "long keys are apart": confusing((key) => key.slice(0, 255)),
  "keys of 1,024 bytes are apart": confusing((key) => key.slice(0, 767)),

  "versions of 1,024 bytes are apart": breaking((sound) => ({
    compareAndSwap: (key, expected, bytes, options) =>
      sound.compareAndSwap(key, expected && expected.slice(0, 255), bytes, {
        ...options,
        version: options.version.slice(0, 255),
      }),
  })),

  // UTF-8 has no half of a surrogate pair: the encoder writes U+FFFD for each.
  "a key with NUL or a lone surrogate is refused with a StorageError": breaking((sound) => ({
    get: (key, options) => sound.get(inUtf8(key), options),
    compareAndSwap: (key, ...rest) => sound.compareAndSwap(inUtf8(key), ...rest),
    delete: (key, options) => sound.delete(inUtf8(key), options),
    tryLease: (key, options) => sound.tryLease(inUtf8(key), options),
  })),

  "a version or owner with NUL or a lone surrogate is refused with a StorageError": breaking((sound) => ({
    compareAndSwap: (key, expected, bytes, options) =>
      sound.compareAndSwap(key, expected, bytes, { ...options, version: inUtf8(options.version) }),
  })),
};

function inUtf8(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text.replaceAll("\0", "")));
}

function storing(spoil: (bytes: Uint8Array) => Uint8Array): () => OpenBroken {
  return breaking((sound) => ({
    compareAndSwap: (key, expected, bytes, options) =>
      sound.compareAndSwap(key, expected, spoil(bytes), options),
  }));
}

function keepingReferences(
  takeIn: (bytes: Uint8Array) => Uint8Array,
  handOut: (bytes: Uint8Array) => Uint8Array,
): () => OpenBroken {
  return breaking((sound) => {
    let kept = new Uint8Array() as Uint8Array;
    return {
      compareAndSwap: (key, expected, bytes, options) => {
        kept = takeIn(bytes);
        return sound.compareAndSwap(key, expected, bytes, options);
      },
      async get(key) {
        const entry = await sound.get(key);
        return entry && { ...entry, bytes: handOut(kept) };
      },
    };
  });
}

/** Forgets an entry once its time has come, and has its own idea of when that is. */
function forgetting(forgetAt: (expireAt: number | undefined, before: number) => number): () => OpenBroken {
  return breaking((sound) => {
    let at = Number.POSITIVE_INFINITY;
    return {
      compareAndSwap(key, expected, bytes, options) {
        at = forgetAt(options.expireAt, at);
        return sound.compareAndSwap(key, expected, bytes, options);
      },
      get: async (key) => (Date.now() < at ? sound.get(key) : null),
    };
  });
}
