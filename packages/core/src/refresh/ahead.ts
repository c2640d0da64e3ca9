import type { Clock } from "../environment.js";
import { createSingleFlight, join, lost } from "../sharing.js";
import type { TokenRecord } from "../storage/record.js";
import { type Caller, type GrantRef, passToPlatform, type RefreshParts } from "./parts.js";

/** Refreshes tokens in the background while they still work, so that no caller has to wait for a refresh. */
export interface RefreshAhead {
  /**
   * Begins to refresh a grant whose token is due, unless that is under way, must not be done now, or would exceed the pace. The
   * caller goes on with the token it has.
   */
  begin(ref: GrantRef, due: TokenRecord, caller: Caller): void;
  /**
   * Resolves when no such refresh of this grant is under way, for a caller that needs the token it may bring. Waits for
   * `timeoutMs` at most, which is less than callers wait that have joined this one.
   */
  join(ref: GrantRef): Promise<void>;
  /** Resolves when none of them runs any more, whatever came of it. */
  settled(): Promise<void>;
}

/** What a refresh ahead of need asks of the token manager. */
export interface AheadSteps {
  /** Whether this grant may be refreshed now: no look-up is under way, and no failure holds it back. */
  readonly mayRefresh: (ref: GrantRef, due: TokenRecord) => boolean;
  /** Refreshes it and reports a failure. Never rejects. */
  readonly refresh: (ref: GrantRef, caller: Caller) => Promise<unknown>;
}

/** One per `BitbucketAuth`. */
export function createRefreshAhead(
  { clock, policy, timeoutMs, closing }: Pick<RefreshParts, "clock" | "policy" | "timeoutMs" | "closing">,
  { mayRefresh, refresh }: AheadSteps,
): RefreshAhead {
  const flights = createSingleFlight<unknown>();
  const pace = createRefreshPace({ now: () => clock.localNow() }, policy.aheadPerSecond);
  return {
    begin(ref, due, caller) {
      if (closing.aborted || flights.current(ref.key) || !mayRefresh(ref, due) || !pace.take()) return;
      passToPlatform(
        caller,
        flights.start(ref.key, () => refresh(ref, caller)),
      );
    },
    async join({ key }) {
      const running = flights.current(key);
      if (running && (await join(running, timeoutMs)) === lost) flights.abandon(key, running);
    },
    settled: () => flights.settled(),
  };
}

/**
 * How many refreshes ahead of need one process may begin, so that grants that expire together do not reach Bitbucket
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
      // A place with a time in the future was taken before the clock was set back: it does not count.
      taken = taken.filter((at) => at <= now && now < at + 1_000);
      if (taken.length >= perSecond) return false;
      taken.push(now);
      return true;
    },
  };
}
