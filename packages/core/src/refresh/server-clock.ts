import type { Clock } from "../clock.js";

/** A record says by whose clock it is dated: Bitbucket's when it has `issuedAt`, else that of the machine that wrote it. */
export interface Dated {
  readonly issuedAt?: number | undefined;
}

/** Bitbucket's clock as far as this process knows it. Records are dated by it, so hosts with wrong clocks agree. */
export interface ServerClock extends Clock {
  /** Bitbucket's time minus this machine's. */
  readonly skewMs: number;
  /** The time on the clock that the record is dated by. */
  nowFor(record: Dated): number;
  /** An instant of the record on this machine's clock. */
  toLocal(instant: number, record: Dated): number;
  /** A `Date` header arrived for a request that left at `startedAt`, on this machine's clock. */
  learn(serverTime: number, startedAt: number): void;
  /** A record dated `issuedAt` by Bitbucket exists: Bitbucket's clock cannot be behind that. */
  atLeast(issuedAt: number | undefined): void;
}

/** Differences below this are the header's one-second resolution and the way there, not a wrong clock. */
const toleranceMs = 5_000;

/** Starts out trusting this machine. `onSkew` hears of every change. */
export function createServerClock(local: Clock, onSkew: (skewMs: number) => void): ServerClock {
  let skewMs = 0;
  const set = (measuredMs: number): void => {
    const next = Math.abs(measuredMs) < toleranceMs ? 0 : measuredMs;
    if (Math.abs(next - skewMs) < toleranceMs) return;
    skewMs = next;
    onSkew(skewMs);
  };
  return {
    get skewMs() {
      return skewMs;
    },
    now: () => local.now() + skewMs,
    nowFor: ({ issuedAt }) => local.now() + (issuedAt === undefined ? 0 : skewMs),
    toLocal: (instant, { issuedAt }) => instant - (issuedAt === undefined ? 0 : skewMs),
    learn(serverTime, startedAt) {
      // The header was written some time between the two; inside that span nothing is learnt.
      const [fromStart, fromEnd] = [serverTime - startedAt, serverTime - local.now()];
      set(Math.min(Math.max(skewMs, fromEnd), fromStart));
    },
    atLeast(issuedAt) {
      if (issuedAt !== undefined && issuedAt - (local.now() + skewMs) > toleranceMs)
        set(issuedAt - local.now());
    },
  };
}
