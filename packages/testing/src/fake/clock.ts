import type { Clock } from "@bitbucket-auth/core";

/** Time as the fake sees it: token lifetimes, the `Date` header and every check use this one clock. */
export interface MockClock extends Clock {
  /** Moves time forward by milliseconds or by a span such as `"90s"`, `"10m"`, `"2h"` or `"91d"`. Takes effect at once. */
  advance(span: number | TimeSpan): Promise<void>;
  /** Sets the time. It goes on from there. */
  set(time: number | Date): void;
}

/** A length of time: `"500ms"`, `"90s"`, `"10m"`, `"2h"`, `"91d"`. */
export type TimeSpan = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The milliseconds in a span. Throws when it cannot be read. */
export function spanMs(span: number | string): number {
  if (Number.isFinite(span)) return Number(span);
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(span)) ?? [];
  const factor = unitsMs[unit ?? ""];
  if (amount === undefined || factor === undefined) throw new TypeError(`Not a length of time: "${span}"`);
  return Number(amount) * factor;
}

/** A clock that follows `source` and can be moved. The default source is `Date.now()`, faked or not. */
export function createMockClock(source: Clock = { now: () => Date.now() }): MockClock & { rewind(): void } {
  let offsetMs = 0;
  const now = (): number => source.now() + offsetMs;
  return {
    now,
    async advance(span) {
      offsetMs += spanMs(span);
    },
    set(time) {
      if (!Number.isFinite(Number(time))) throw new TypeError(`Not a time: ${String(time)}`);
      offsetMs += Number(time) - now();
    },
    rewind() {
      offsetMs = 0;
    },
  };
}

/** The timers as they were when this module loaded: a test that fakes them later does not stop the fake. */
const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;

/** Resolves after `ms` real milliseconds, or as soon as the signal aborts. */
export function realDelay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      realClearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = realSetTimeout(finish, ms);
    if (signal.aborted) finish();
    else signal.addEventListener("abort", finish);
  });
}

/** Calls `onTimeout` after `ms` real milliseconds unless the returned function is called first. */
export function realTimeout(ms: number, onTimeout: () => void): () => void {
  const timer = realSetTimeout(onTimeout, ms);
  return () => realClearTimeout(timer);
}
