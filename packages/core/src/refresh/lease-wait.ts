import { RefreshContentionError } from "../errors.js";
import type { GrantRef } from "./grant-ref.js";
import { holdLease, startAge, type LeaseHold } from "./lease-hold.js";
import type { RefreshContext } from "./refresh-context.js";
import { pause, startDeadline } from "./timers.js";

/** One attempt at the lease; `undefined` when somebody else has it. */
export async function tryHold(
  context: RefreshContext,
  ref: GrantRef,
  owner: string = crypto.randomUUID(),
): Promise<LeaseHold | undefined> {
  const { store, policy, clock, events } = context;
  const ageMs = startAge(() => clock.nowFor({}));
  const lease = await store.tryLease(ref.key, owner, policy.leaseMs);
  if (!lease) return undefined;
  const onLost = (): void => events.emit("leaseLost", { account: ref.account });
  return holdLease(lease, { ttlMs: policy.leaseMs, ageMs, onLost });
}

/**
 * Waits until the lease is ours or `peek` finds that somebody else's refresh has made it needless. Looks after every
 * wake-up; never goes on without the lease. Rejects with `RefreshContentionError` when the policy's wait is over.
 */
export async function waitForLease<T>(
  context: RefreshContext,
  ref: GrantRef,
  peek: () => Promise<T | undefined>,
): Promise<{ readonly hold: LeaseHold; readonly waited: boolean } | { readonly found: T }> {
  const { store, policy, clock, events, random, closing } = context;
  const startedAt = clock.now();
  // One owner for the whole wait: an attempt that was granted late gives us our own lease.
  const owner = crypto.randomUUID();
  const wakeUp = createWakeUp();
  const unwatch = store.storage.watch?.(ref.key, () => wakeUp.ring());
  const deadline = startDeadline(policy.contentionMs);
  try {
    for (let attempt = 0; ; attempt++) {
      const woken = wakeUp.arm();
      const hold = await tryHold(context, ref, owner);
      if (hold) {
        if (attempt > 0)
          events.emit("leaseWaited", { account: ref.account, waitedMs: clock.now() - startedAt });
        return { hold, waited: attempt > 0 };
      }
      const found = await peek();
      if (found !== undefined) return { found };
      if (closing.aborted) throw closing.reason;
      if (deadline.signal.aborted) throw contended(ref);
      const [shortestMs, longestMs] = policy.pollMs;
      await pause(shortestMs + random() * (longestMs - shortestMs), [deadline.signal, closing, woken]);
    }
  } finally {
    deadline.cancel();
    unwatch?.();
  }
}

function contended({ account }: GrantRef): RefreshContentionError {
  return new RefreshContentionError(
    "Another process has been refreshing this grant for too long. Nothing was sent; try again.",
    { account },
  );
}

/** Armed before the look, so that a ring during the look is not slept through. */
function createWakeUp(): { ring(): void; arm(): AbortSignal } {
  let controller = new AbortController();
  return {
    ring: () => controller.abort(),
    arm() {
      if (controller.signal.aborted) controller = new AbortController();
      return controller.signal;
    },
  };
}
