import type { TokenStorage, Version } from "@bitbucket-auth/core";
import { breaking, breakingApart, gap, overwrite, type BrokenStorages, type OpenBroken } from "./breaking.ts";
import { releasingBlindly } from "./broken-leases.ts";

export const brokenConcurrency: BrokenStorages = {
  "one of 50 first writes wins, and the others are told its version": comparingThenSwapping(),
  "8 writers of 10 increments lose none": comparingThenSwapping(),

  "a reader sees the old bytes or the new ones": breaking((sound) => ({
    async get(key) {
      const before = await sound.get(key);
      await gap();
      const after = await sound.get(key);
      return before && after && { version: before.version, bytes: after.bytes };
    },
  })),

  "one of 50 contenders gets a free lease": lookingThenLeasing(),
  "of 8 contenders for a lapsed lease never two hold it, in 100 rounds": lookingThenLeasing(),
};

/** Sound within one process, as far as another process could tell. */
export const brokenProcesses: BrokenStorages = {
  "another process sees a write at once, and its own write is seen": breakingApart((own, shared) => ({
    ...own,
    caps: shared.caps,
  })),
  "a lease excludes another process until it is released or lapses": breakingApart((own) => ({
    tryLease: (key, options) => own.tryLease(key, options),
  })),
  "8 writers of 10 increments in two processes lose none": comparingThenSwapping(),
  "of 8 contenders in two processes never two hold a lapsed lease, in 25 rounds": lookingThenLeasing(),
};

export const brokenHandles: BrokenStorages = {
  "an entry outlives the handle that wrote it": breakingApart((own, shared) => ({
    ...own,
    caps: shared.caps,
  })),
  "a tombstone outlives the handle that wrote it": breakingApart((own, shared) => ({
    ...own,
    caps: shared.caps,
  })),

  "a write is seen at once through another handle": breakingApart((_own, shared) => {
    const cached = new Map<string, Awaited<ReturnType<TokenStorage["get"]>>>();
    return {
      async get(key) {
        if (!cached.has(key)) cached.set(key, await shared.get(key));
        return cached.get(key) ?? null;
      },
    };
  }),

  "a write through another handle is a conflict": breakingApart((_own, shared) => {
    const written = new Set<Version>();
    return {
      compareAndSwap: (...write) => {
        written.add(write[3].version);
        return write[1] && written.has(write[1])
          ? overwrite(shared, ...write)
          : shared.compareAndSwap(...write);
      },
    };
  }),

  "a deletion through another handle stops a write in flight": breakingApart((own) => ({
    delete: (key, options) => own.delete(key, options),
  })),

  "a lease excludes owners on another handle": breakingApart((own) => ({
    tryLease: (key, options) => own.tryLease(key, options),
  })),

  "the fence grows from handle to handle": breakingApart((_own, shared) => {
    let fence = 0;
    return {
      async tryLease(key, options) {
        const lease = await shared.tryLease(key, options);
        return lease && { ...lease, fence: (fence += 1) };
      },
    };
  }),

  "a lapsed lease goes to another handle and stays there": releasingBlindly(),
  "of 8 contenders on two handles never two hold a lapsed lease, in 100 rounds": lookingThenLeasing(),
  "8 writers of 10 increments on two handles lose none": comparingThenSwapping(),

  "closing one handle leaves another working": breaking((sound) => {
    let closed = false;
    return {
      get: async (key) => (closed ? null : sound.get(key)),
      async close() {
        closed = true;
      },
    };
  }),

  "a watcher is told of a change through another handle": breakingApart((own) => ({
    watch: (key, onChange) => own.watch!(key, onChange),
  })),
};

function comparingThenSwapping(): () => OpenBroken {
  return breaking((sound) => ({
    async compareAndSwap(...write) {
      const current = (await sound.get(write[0]))?.version ?? null;
      await gap();
      return current === write[1] ? overwrite(sound, ...write) : { ok: false, current };
    },
  }));
}

function lookingThenLeasing(): () => OpenBroken {
  return breaking(() => {
    const leases = new Map<string, { readonly owner: string; readonly expiresAt: number }>();
    return {
      async tryLease(key, { owner, ttlMs }) {
        const held = leases.get(key);
        await gap();
        if (held && held.owner !== owner && held.expiresAt > Date.now()) return null;
        leases.set(key, { owner, expiresAt: Date.now() + ttlMs });
        return { fence: 1, renew: async () => true, release: async () => void leases.delete(key) };
      },
    };
  });
}
