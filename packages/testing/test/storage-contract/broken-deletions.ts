import type { Version } from "@bitbucket-auth/core";
import { breaking, overwrite, type BrokenStorages, type OpenBroken } from "./breaking.ts";

export const brokenDeletions: BrokenStorages = {
  "a deleted entry reads as null": breaking(() => ({ delete: async () => true })),

  "deleting a live entry answers true": breaking((sound) => ({
    delete: async (key, options) => (await sound.delete(key, options)) && false,
  })),

  "deleting what is not there answers false": breaking((sound) => ({
    delete: async (key, options) => (await sound.delete(key, options)) || true,
  })),

  "deleting what is deleted answers false": breaking((sound) => {
    const everDeleted = new Set<string>();
    return {
      async delete(key, options) {
        const live = await sound.delete(key, options);
        if (live) everDeleted.add(key);
        return everDeleted.has(key);
      },
    };
  }),

  "a write in flight does not bring a deleted entry back": breaking((sound) => ({
    async compareAndSwap(...write) {
      const result = await sound.compareAndSwap(...write);
      return !result.ok && result.deleted && write[1] !== null ? overwrite(sound, ...write) : result;
    },
  })),

  "a tombstone counts as an entry for a first write": breaking((sound) => ({
    async compareAndSwap(...write) {
      const result = await sound.compareAndSwap(...write);
      return !result.ok && result.deleted && write[1] === null ? overwrite(sound, ...write) : result;
    },
  })),

  "a tombstone has a version of its own": breaking((sound) => {
    let lastWritten: Version | null = null;
    return {
      async compareAndSwap(key, expected, bytes, options) {
        const result = await sound.compareAndSwap(key, expected, bytes, options);
        if (result.ok) lastWritten = options.version;
        return !result.ok && result.deleted ? { ...result, current: lastWritten } : result;
      },
    };
  }),

  "a tombstone has the version its writer gave it": breaking((sound) => ({
    delete: (key) => sound.delete(key),
  })),

  "a repeated deletion leaves the tombstone as it is": breaking((sound) => {
    let deletions = 0;
    return {
      delete: (key, options) => {
        deletions += 1;
        return sound.delete(key, { version: `${options?.version}${deletions > 1 ? deletions : ""}` });
      },
    };
  }),

  "a repeated deletion of a live entry answers true again": breaking((sound) => ({
    async delete(key, options) {
      const wasLive = (await sound.get(key)) !== null;
      await sound.delete(key, options);
      return wasLive;
    },
  })),

  "a repeated deletion of no entry answers false again": answeringTrueToRepeats(),
  "a repeated deletion of a tombstone answers false again": answeringTrueToRepeats(),

  "a late repeat of a deletion leaves a newer entry alone and answers as it did": breaking((sound) => {
    let repeats = 0;
    return {
      // Knows a repeat by the tombstone alone, which a newer write has replaced.
      delete: (key, options) =>
        sound.delete(key, { version: `${options?.version}${(repeats += 1) > 1 ? repeats : ""}` }),
    };
  }),

  "a write under the version of the tombstone is no repeat and conflicts": breaking((sound) => ({
    async compareAndSwap(...write) {
      const result = await sound.compareAndSwap(...write);
      return !result.ok && result.current === write[3].version ? { ok: true } : result;
    },
  })),

  "a write that names the tombstone replaces it": breaking((sound) => {
    const graves = new Map<string, Version>();
    return {
      delete: (key, { version = "gone" } = {}) => {
        graves.set(key, version);
        return sound.delete(key, { version });
      },
      async compareAndSwap(key, ...rest) {
        const current = graves.get(key);
        return current ? { ok: false, current, deleted: true } : sound.compareAndSwap(key, ...rest);
      },
    };
  }),

  "an entry written over a tombstone is not called deleted": breaking((sound) => {
    const everDeleted = new Set<string>();
    return {
      delete: (key, options) => {
        everDeleted.add(key);
        return sound.delete(key, options);
      },
      async compareAndSwap(key, ...rest) {
        const result = await sound.compareAndSwap(key, ...rest);
        return !result.ok && everDeleted.has(key) ? { ...result, deleted: true } : result;
      },
    };
  }),

  "a deletion leaves other keys alone": breaking((sound) => ({
    async delete(key) {
      for await (const found of sound.list?.(key) ?? []) await sound.delete(found);
      return true;
    },
  })),
};

function answeringTrueToRepeats(): () => OpenBroken {
  return breaking((sound) => {
    const seen = new Set<string>();
    return {
      async delete(key, options) {
        const isRepeat = seen.has(options?.version ?? "");
        seen.add(options?.version ?? "");
        return (await sound.delete(key, options)) || isRepeat;
      },
    };
  });
}
