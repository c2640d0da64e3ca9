import type { Lease } from "../storage/token-storage.js";

/** A lease kept alive by a heartbeat until it is released. */
export interface LeaseHold {
  readonly fence: number;
  /** Whether the lease still stands. Asks the storage, and extends the lease, unless it was confirmed a moment ago. */
  confirm(): Promise<boolean>;
  release(): Promise<void>;
}

/** How a lease is held. */
export interface LeaseHoldOptions {
  readonly ttlMs: number;
  /** Milliseconds since the lease was asked for, by whatever clock says the most: a frozen process must not believe it is young. */
  readonly ageMs: () => number;
  readonly onLost: () => void;
}

/**
 * Renews the lease every third of its time. `onLost` is called once when it turns out to be somebody else's; a storage that
 * does not answer is not yet a loss, because the lease may still stand.
 */
export function holdLease(lease: Lease, { ttlMs, ageMs, onLost }: LeaseHoldOptions): LeaseHold {
  let released = false;
  let lost = false;
  let confirmedAtMs = 0;
  const renew = async (): Promise<boolean> => {
    const askedAtMs = ageMs();
    const ours = !released && !lost && (await lease.renew(ttlMs));
    if (ours) confirmedAtMs = askedAtMs;
    else if (!released && !lost) {
      lost = true;
      onLost();
    }
    return ours;
  };
  const heartbeat = setInterval(() => {
    renew().catch(() => undefined);
  }, ttlMs / 3);
  return {
    fence: lease.fence,
    async confirm() {
      const isYoung = ageMs() - confirmedAtMs < ttlMs / 3;
      return isYoung && !lost && !released ? true : renew();
    },
    async release() {
      released = true;
      clearInterval(heartbeat);
      // A lease that cannot be given back lapses by itself; the refresh it guarded is over either way.
      await lease.release().catch(() => undefined);
    },
  };
}

/** Measures from now on, by the monotonic clock and by the given one: the first stands still in sleep, the second may jump. */
export function startAge(now: () => number): () => number {
  const [monotonicStart, start] = [performance.now(), now()];
  return () => Math.max(performance.now() - monotonicStart, now() - start);
}
