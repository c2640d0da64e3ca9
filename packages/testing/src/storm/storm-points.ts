import type { Lease, TokenStorage } from "@bitbucket-auth/core";

/** The steps of one refresh at which a process can be caught, in their order. */
export const stormPoints = [
  "before-lease",
  "lease-held",
  "intent-written",
  "before-send",
  /** Bitbucket has rotated, and nobody here has read its answer. */
  "after-send",
  "before-save",
  "saved",
  "before-release",
] as const;

/** The name of such a step. */
export type StormPoint = (typeof stormPoints)[number];

/** Called by whatever arrives at a point; it goes on when this resolves. */
export type ReachPoint = (point: StormPoint) => Promise<void>;

/**
 * The same storage, with a stop at each point it can see from outside: the first write under a lease announces the refresh,
 * the second saves what it brought. Writes without a lease are sign-ins and pass.
 */
export function storageAtPoints(storage: TokenStorage, reach: ReachPoint): TokenStorage {
  const writesUnderLease = new Map<string, number>();
  const list = storage.list?.bind(storage);
  const watch = storage.watch?.bind(storage);
  const ownKeys = storage.ownKeys?.bind(storage);

  const heldLease = (key: string, lease: Lease): Lease => ({
    fence: lease.fence,
    renew: (ttlMs) => lease.renew(ttlMs),
    async release() {
      await reach("before-release");
      writesUnderLease.delete(key);
      await lease.release();
    },
  });
  return {
    caps: storage.caps,
    get: (key, options) => storage.get(key, options),

    async compareAndSwap(key, expected, bytes, options) {
      const before = writesUnderLease.get(key);
      if (before === undefined) return storage.compareAndSwap(key, expected, bytes, options);
      if (before > 0) await reach("before-save");
      const result = await storage.compareAndSwap(key, expected, bytes, options);
      if (!result.ok) return result;
      writesUnderLease.set(key, before + 1);
      await reach(before > 0 ? "saved" : "intent-written");
      return result;
    },

    delete: (key, options) => storage.delete(key, options),

    async tryLease(key, options) {
      await reach("before-lease");
      const lease = await storage.tryLease(key, options);
      if (lease === null) return null;
      writesUnderLease.set(key, 0);
      await reach("lease-held");
      return heldLease(key, lease);
    },

    ...(list && { list }),
    ...(watch && { watch }),
    ...(ownKeys && { ownKeys }),
    close: () => storage.close(),
  };
}

/** A `fetch` with a stop on either side of a token request. Other requests pass. */
export function fetchAtPoints(
  fetch: typeof globalThis.fetch,
  tokenUrl: string,
  reach: ReachPoint,
): typeof globalThis.fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url !== tokenUrl) return fetch(input, init);
    await reach("before-send");
    const response = await fetch(input, init);
    await reach("after-send");
    return response;
  };
}
