import { posix } from "node:path";
import { breaking, confusing, overwrite, type BrokenStorages, type OpenBroken } from "./breaking.ts";

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
  "keys with separators and braces are apart": confusing((key) => key.replaceAll(/[^a-z]/g, "_")),
  "keys that look like paths are apart": confusing((key) => posix.normalize(key)),
  "keys that look alike in unicode are apart": confusing((key) => key.normalize("NFC")),
  "long keys are apart": confusing((key) => key.slice(0, 255)),
};

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
