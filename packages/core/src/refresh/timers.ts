import type { StopSignal } from "../stop-signal.js";
import { startTimer } from "../timer.js";

/** Waits `ms`, or less when a signal fires first: it then resolves early, so look at the signals afterwards. */
export function pause(ms: number, signals: readonly StopSignal[] = []): Promise<void> {
  if (signals.some((signal) => signal.aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stopTimer();
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const stopTimer = startTimer(ms, done);
    for (const signal of signals) signal.addEventListener("abort", done);
  });
}

/** A signal that fires by itself. */
export interface Deadline {
  readonly signal: AbortSignal;
  cancel(): void;
}

/** A signal that fires after `ms` unless cancelled: durations run on timers, so that a jumping clock cannot stretch them. */
export function startDeadline(ms: number): Deadline {
  const controller = new AbortController();
  return { signal: controller.signal, cancel: startTimer(ms, () => controller.abort()) };
}

/** Waits for a shared promise on behalf of one caller: an abort frees that caller and leaves the promise alone. */
export function waitFor<T>(shared: Promise<T>, signals: readonly (StopSignal | undefined)[]): Promise<T> {
  const given = signals.filter((signal) => signal !== undefined);
  if (given.length === 0) return shared;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      for (const signal of given) signal.removeEventListener("abort", onAbort);
    };
    const onAbort = (): void => {
      leave();
      reject(given.find((signal) => signal.aborted)?.reason);
    };
    for (const signal of given) signal.addEventListener("abort", onAbort);
    shared
      .then(resolve, reject)
      .finally(leave)
      .catch(() => undefined);
    if (given.some((signal) => signal.aborted)) onAbort();
  });
}
