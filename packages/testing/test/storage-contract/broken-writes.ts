import type { Version } from "@bitbucket-auth/core";
import { breaking, overwrite, type BrokenStorages } from "./breaking.ts";

export const brokenWrites: BrokenStorages = {
  "an entry that was never written reads as null": breaking((sound) => ({
    get: async (key) => (await sound.get(key)) ?? { bytes: new Uint8Array(), version: "" },
  })),

  "what is written reads back under its version": breaking((sound) => ({
    async get(key) {
      const entry = await sound.get(key);
      return entry && { ...entry, version: `W/${entry.version}` };
    },
  })),

  "a write that names the stored version replaces the entry": breaking((sound) => ({
    compareAndSwap: async (key, expected, ...rest) =>
      expected === null ? sound.compareAndSwap(key, expected, ...rest) : { ok: true },
  })),

  "a write that names an overtaken version conflicts with the stored one": breaking((sound) => ({
    async compareAndSwap(...write) {
      const result = await sound.compareAndSwap(...write);
      return result.ok ? result : { ok: false, current: null };
    },
  })),

  "a refused write changes nothing": breaking((sound) => ({
    async compareAndSwap(...write) {
      const result = await sound.compareAndSwap(...write);
      if (!result.ok) await overwrite(sound, ...write);
      return result;
    },
  })),

  "a first write conflicts with an entry that is there": breaking((sound) => ({
    compareAndSwap: async (...write) =>
      write[1] === null ? overwrite(sound, ...write) : sound.compareAndSwap(...write),
  })),

  "a write that expects an entry conflicts with none": breaking((sound) => ({
    async compareAndSwap(key, expected, ...rest) {
      const result = await sound.compareAndSwap(key, expected, ...rest);
      return !result.ok && result.current === null ? sound.compareAndSwap(key, null, ...rest) : result;
    },
  })),

  "a repeated first write answers ok": breaking((sound) => ({
    compareAndSwap: async (key, expected, bytes, options) =>
      (await sound.get(key))?.version === options.version
        ? { ok: false, current: options.version }
        : sound.compareAndSwap(key, expected, bytes, options),
  })),

  "a repeated replacement answers ok": breaking((sound) => ({
    compareAndSwap: async (key, expected, bytes, options) =>
      expected !== null && (await sound.get(key))?.version === options.version
        ? { ok: false, current: options.version }
        : sound.compareAndSwap(key, expected, bytes, options),
  })),

  "a repeat of a write that was since replaced conflicts": breaking((sound) => {
    const everWritten = new Set<Version>();
    return {
      async compareAndSwap(key, expected, bytes, options) {
        if (everWritten.has(options.version)) return { ok: true };
        everWritten.add(options.version);
        return sound.compareAndSwap(key, expected, bytes, options);
      },
    };
  }),

  "versions are compared and never ordered": breaking((sound) => ({
    async compareAndSwap(key, expected, bytes, options) {
      const stored = await sound.get(key);
      if (stored && stored.version > options.version) return { ok: false, current: stored.version };
      return sound.compareAndSwap(key, expected, bytes, options);
    },
  })),

  "a version may be any text": breaking((sound) => ({
    compareAndSwap: (key, expected, bytes, options) =>
      sound.compareAndSwap(key, expected, bytes, {
        ...options,
        version: options.version.replaceAll(/\W/g, "?"),
      }),
  })),
};
