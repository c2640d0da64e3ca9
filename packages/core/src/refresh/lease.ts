import { RefreshContentionError } from "../errors.js";
import type { TokenRecord } from "../storage/record.js";
import type { Lease } from "../storage/token-storage.js";
import { createStopSource, pause, startWaitLimit, startTimer, type StopSource } from "../timing.js";
import type { GrantRef, RefreshParts } from "./parts.js";

/** A lease kept alive by a heartbeat until it is released. */
export interface LeaseHold {
  readonly fence: number;
  /** Whether the lease still stands. Asks the storage, and extends the lease, unless it was confirmed a moment ago. */
  confirm(): Promise<boolean>;
  release(): Promise<void>;
}

/** What a wait for a lease ends with: the lease, or a record that makes it needless. */
export type LeaseOutcome =
  | { readonly hold: LeaseHold; readonly waited: boolean }
  | { readonly found: TokenRecord };

/** How this process obtains leases. */
export interface Leases {
  /** One attempt; `undefined` when another process has it. */
  tryHold(ref: GrantRef, owner?: string): Promise<LeaseHold | undefined>;
  /**
   * Waits until the lease is ours or `look` finds a record that makes it needless. Looks after every wake-up; never goes on
   * without the lease. Rejects with `RefreshContentionError` when the policy's wait is over.
   */
  wait(ref: GrantRef, look: () => Promise<TokenRecord | undefined>): Promise<LeaseOutcome>;
  /** When this process last asked for the lease while it waited, on its own clock; `undefined` when it does not wait. */
  askedAt(ref: GrantRef): number | undefined;
}

/** One per `BitbucketAuth`. */
export function createLeases({
  store,
  clock,
  policy,
  events,
  random,
  closing,
}: Pick<RefreshParts, "store" | "clock" | "policy" | "events" | "random" | "closing">): Leases {
  const waiting = new Map<string, number>();

  const tryHold = async (
    ref: GrantRef,
    owner: string = crypto.randomUUID(),
  ): Promise<LeaseHold | undefined> => {
    const ageMs = startAge(() => clock.localNow());
    const lease = await store.tryLease(ref.key, owner, policy.leaseMs);
    if (!lease) return undefined;
    const onLost = (): void => events.emit("leaseLost", { account: ref.account });
    return holdLease(lease, { ttlMs: policy.leaseMs, ageMs, onLost });
  };

  return {
    tryHold,
    askedAt: ({ key }) => waiting.get(key),

    async wait(ref, look) {
      const startedAt = clock.localNow();
      // One owner for the whole wait: an attempt that was granted late gives us our own lease.
      const owner = crypto.randomUUID();
      const wakeUp = createWakeUp();
      const unwatch = store.storage.watch?.(ref.key, () => wakeUp.ring());
      const deadline = startWaitLimit(policy.contentionMs);
      try {
        for (let attempt = 0; ; attempt++) {
          const woken = wakeUp.arm();
          const hold = await tryHold(ref, owner);
          if (hold) {
            const waitedMs = clock.localNow() - startedAt;
            if (attempt > 0) events.emit("leaseWaited", { account: ref.account, waitedMs });
            return { hold, waited: attempt > 0 };
          }
          waiting.set(ref.key, clock.localNow());
          const found = await look();
          if (found !== undefined) return { found };
          if (closing.aborted) throw closing.reason;
          if (deadline.signal.aborted) throw contended(ref);
          const [shortestMs, longestMs] = policy.pollMs;
          await pause(shortestMs + random() * (longestMs - shortestMs), [deadline.signal, closing, woken]);
        }
      } finally {
        deadline.cancel();
        unwatch?.();
        waiting.delete(ref.key);
      }
    },
  };
}

function contended({ account }: GrantRef): RefreshContentionError {
  return new RefreshContentionError(
    "Another process has held the lease of this grant for the whole wait (`refresh.contentionMs`). Nothing was sent; try again.",
    { account },
  );
}

/** Armed before the look, so that a change during the look ends the pause after it. */
function createWakeUp(): { ring(): void; arm(): StopSource["signal"] } {
  let source = createStopSource();
  return {
    ring: () => source.stop("woken"),
    arm() {
      if (source.signal.aborted) source = createStopSource();
      return source.signal;
    },
  };
}

/**
 * Renews the lease every third of its time. `onLost` is called once when it turns out to be another owner's; a storage that
 * does not answer is not yet a loss, because the lease may still stand.
 */
function holdLease(
  lease: Lease,
  {
    ttlMs,
    ageMs,
    onLost,
  }: {
    readonly ttlMs: number;
    /** Milliseconds since the lease was asked for. */
    readonly ageMs: () => number;
    readonly onLost: () => void;
  },
): LeaseHold {
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
  let stopHeartbeat: () => void = () => undefined;
  const beat = (): void => {
    stopHeartbeat = startTimer(ttlMs / 3, () => {
      beat();
      renew().catch(() => undefined);
    });
  };
  beat();
  return {
    fence: lease.fence,
    async confirm() {
      const isYoung = ageMs() - confirmedAtMs < ttlMs / 3;
      return isYoung && !lost && !released ? true : renew();
    },
    async release() {
      released = true;
      stopHeartbeat();
      // A lease that cannot be given back lapses by itself; the refresh it guarded is over either way.
      await lease.release().catch(() => undefined);
    },
  };
}

/** Elapsed time from now on, the larger of monotonic and wall clock, because one of them stops during suspend. */
function startAge(now: () => number): () => number {
  const [monotonicStart, start] = [performance.now(), now()];
  return () => Math.max(performance.now() - monotonicStart, now() - start);
}
