import type { TokenStorage } from "@bitbucket-auth/core";
import { breaking, type BrokenStorages } from "./breaking.ts";

export const brokenLists: BrokenStorages = {
  "an empty storage lists nothing": breaking(() => ({
    async *list() {
      yield "about this storage";
    },
  })),

  "every live key is listed once": breaking((sound) => ({
    async *list(prefix) {
      yield* everyKey(sound, prefix);
      yield* everyKey(sound, prefix);
    },
  })),

  "only keys that start with the prefix are listed": breaking((sound) => ({
    async *list(prefix) {
      for await (const key of everyKey(sound)) if (key.includes(prefix)) yield key;
    },
  })),

  "a prefix is text and not a pattern": breaking((sound) => ({
    async *list(prefix) {
      const pattern = new RegExp(
        `^${prefix.replaceAll("*", ".*").replaceAll("?", ".").replaceAll("\\", "\\\\")}`,
      );
      for await (const key of everyKey(sound)) if (pattern.test(key)) yield key;
    },
  })),

  "keys come back as they were given": breaking((sound) => ({
    async *list(prefix) {
      for await (const key of everyKey(sound, prefix)) yield encodeURIComponent(key);
    },
  })),

  "a list of more than one page is whole": breaking((sound) => ({
    async *list(prefix) {
      let listed = 0;
      for await (const key of everyKey(sound, prefix)) if ((listed += 1) <= 1_000) yield key;
    },
  })),

  "a deleted key is not listed": breaking((sound) => {
    const everWritten = new Set<string>();
    return {
      compareAndSwap: (key, ...rest) => {
        everWritten.add(key);
        return sound.compareAndSwap(key, ...rest);
      },
      async *list() {
        yield* everWritten;
      },
    };
  }),

  "a lease is not listed": breaking((sound) => {
    const leased = new Set<string>();
    return {
      tryLease: (key, options) => {
        leased.add(key);
        return sound.tryLease(key, options);
      },
      async *list(prefix) {
        yield* everyKey(sound, prefix);
        yield* leased;
      },
    };
  }),
};

async function* everyKey(storage: TokenStorage, prefix = ""): AsyncIterable<string> {
  yield* storage.list?.(prefix) ?? [];
}
