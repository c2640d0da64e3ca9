import type { Clock } from "../clock.js";

/**
 * How many refreshes ahead of need one process may begin, so that grants that run out together do not fall on Bitbucket
 * together. Refreshes that a caller waits for do not ask it.
 */
export interface RefreshPace {
  /** Takes a place in the current second. `false`: none is left; the token still works, and a later caller asks again. */
  take(): boolean;
}

/** At most `perSecond` in any second, wherever that second begins. With 0 nothing is refreshed ahead of need. */
export function createRefreshPace(clock: Clock, perSecond: number): RefreshPace {
  let taken: number[] = [];
  return {
    take() {
      const now = clock.now();
      // One dated in the future was taken before the clock was set back: it may not hold anybody up.
      taken = taken.filter((at) => at <= now && now < at + 1_000);
      if (taken.length >= perSecond) return false;
      taken.push(now);
      return true;
    },
  };
}
