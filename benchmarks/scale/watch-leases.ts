import { setImmediate } from "node:timers/promises";
import type { TokenStorage } from "@bitbucket-auth/core";

/** A storage, and a way to wait until no refresh over it is left. */
export interface WatchedLeases {
  readonly storage: TokenStorage;
  /** Resolves when no lease is held. Every refresh holds one from before its first step until after its last. */
  idle(): Promise<void>;
}

/** Counts the leases that a storage has given and not got back. */
export function watchLeases(storage: TokenStorage): WatchedLeases {
  let held = 0;
  return {
    storage: {
      ...storage,
      async tryLease(key, options) {
        const lease = await storage.tryLease(key, options);
        if (!lease) return null;
        held++;
        return {
          fence: lease.fence,
          renew: (ttlMs) => lease.renew(ttlMs),
          async release() {
            await lease.release();
            held--;
          },
        };
      },
    },
    async idle() {
      do await setImmediate();
      while (held > 0);
    },
  };
}
