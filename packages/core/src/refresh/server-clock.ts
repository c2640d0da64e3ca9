import type { Clock } from "../environment.js";
import { fixed } from "./policy.js";

/** A record says by which clock it is dated: Bitbucket's when it has `issuedAt`, else that of the machine that wrote it. */
export interface Dated {
  readonly issuedAt?: number | undefined;
}

/** This machine's clock, and Bitbucket's as far as this process knows it. Records are dated by the latter, so hosts with wrong clocks agree. */
export interface ServerClock {
  /** Bitbucket's time minus this machine's. */
  readonly skewMs: number;
  /** The time on this machine's clock. */
  localNow(): number;
  /** The time on the clock that the record is dated by. */
  nowFor(record: Dated): number;
  /** An instant of the record on this machine's clock. */
  toLocal(instant: number, record: Dated): number;
  /** A `Date` header arrived for a request that left at `startedAt`, on this machine's clock. */
  learn(serverTime: number, startedAt: number): void;
  /** A record dated `issuedAt` by Bitbucket exists: Bitbucket's clock cannot be behind that. */
  atLeast(issuedAt: number | undefined): void;
}

/** Starts out trusting this machine. `onSkew` is told of every change. */
export function createServerClock(local: Clock, onSkew: (skewMs: number) => void): ServerClock {
  let skewMs = 0;
  // Smaller differences are the header's one-second resolution and the time the answer travelled, not a wrong clock.
  const { clockToleranceMs } = fixed;
  const set = (measuredMs: number): void => {
    const next = Math.abs(measuredMs) < clockToleranceMs ? 0 : measuredMs;
    if (Math.abs(next - skewMs) < clockToleranceMs) return;
    skewMs = next;
    onSkew(skewMs);
  };
  return {
    get skewMs() {
      return skewMs;
    },
    localNow: () => local.now(),
    nowFor: ({ issuedAt }) => local.now() + (issuedAt === undefined ? 0 : skewMs),
    toLocal: (instant, { issuedAt }) => instant - (issuedAt === undefined ? 0 : skewMs),
    learn(serverTime, startedAt) {
      // The header was written some time between the two; inside that span nothing is learnt.
      const [fromStart, fromEnd] = [serverTime - startedAt, serverTime - local.now()];
      set(Math.min(Math.max(skewMs, fromEnd), fromStart));
    },
    atLeast(issuedAt) {
      if (issuedAt !== undefined && issuedAt - (local.now() + skewMs) > clockToleranceMs)
        set(issuedAt - local.now());
    },
  };
}
