import { breaking, type BrokenStorages } from "./breaking.ts";

export const brokenLifecycles: BrokenStorages = {
  "caps.list says whether list is there": breaking((sound) => ({ caps: { ...sound.caps, list: false } })),
  "caps.watch says whether watch is there": breaking((sound) => ({ caps: { ...sound.caps, watch: false } })),
  "get rejects on an aborted signal": breaking((sound) => ({ get: (key) => sound.get(key) })),

  "compareAndSwap rejects on an aborted signal": breaking((sound) => ({
    compareAndSwap: (key, expected, bytes, { version }) =>
      sound.compareAndSwap(key, expected, bytes, { version }),
  })),

  "delete rejects on an aborted signal": breaking((sound) => ({ delete: (key) => sound.delete(key) })),

  "tryLease rejects on an aborted signal": breaking((sound) => ({
    tryLease: (key, { owner, ttlMs }) => sound.tryLease(key, { owner, ttlMs }),
  })),

  "a signal that does not fire changes nothing": breaking((sound) => ({
    get: async (key, options) => (options?.signal ? null : sound.get(key)),
  })),

  "closing twice is harmless": breaking(() => {
    let closed = false;
    return {
      async close() {
        if (closed) throw new Error("already closed");
        closed = true;
      },
    };
  }),
};
