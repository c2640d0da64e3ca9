import { assertMethods, assertObject } from "../assert-options.js";
import { type Clock, systemClock } from "../clock.js";

/** Remembers which sign-ins are over, so that a callback works once. */
export interface UsedStates {
  /** `true` the first time a state is claimed, `false` from then on until `expiresAt` (epoch milliseconds). */
  claim(state: string, expiresAt: number): boolean;
}

/** How much is remembered of finished sign-ins. */
export interface UsedStatesOptions {
  readonly clock?: Clock | undefined;
  /** How many to remember; past that the oldest is forgotten. @default 10_000 */
  readonly limit?: number | undefined;
}

/**
 * Keeps used states in the memory of this process, bounded in number and in time.
 *
 * It does not see other processes; there the cookie, which the callback deletes, and the code, which works once, take over.
 */
export function createUsedStates(options: UsedStatesOptions = {}): UsedStates {
  assertObject(options, "The argument of createUsedStates()");
  const { clock = systemClock, limit = 10_000 } = options;
  assertMethods(clock, "clock", ["now"]);
  const expiries = new Map<string, number>();
  return {
    claim(state, expiresAt) {
      const now = clock.now();
      if ((expiries.get(state) ?? 0) > now) return false;
      for (const [used, usedUntil] of expiries) {
        if (usedUntil <= now) expiries.delete(used);
      }
      // A Map is in the order of insertion: the first is the oldest.
      for (const oldest of expiries.keys()) {
        if (expiries.size < limit) break;
        expiries.delete(oldest);
      }
      expiries.set(state, expiresAt);
      return true;
    },
  };
}
