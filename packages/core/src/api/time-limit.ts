import { onStop, type StopSignal } from "../stop-signal.js";
import type { StartTimer } from "../timer.js";

/** How long a piece of work may take, and who may end it earlier. */
export interface TimeLimit<T> {
  readonly timeoutMs: number;
  readonly startTimer: StartTimer;
  /** The caller's own signal. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the work as the caller's signal does, and has no hold on what comes after it. */
  readonly closing?: StopSignal | undefined;
  /** What takes the place of the result when time is up. */
  readonly onTimeout: () => T;
  /** Gets a result that came when nobody waited any more. */
  readonly discard?: ((late: T) => void) | undefined;
}

/**
 * Runs work that must end in time, even when it ignores the signal it is given.
 *
 * Rejects with the caller's reason as soon as the caller aborts. The signal given to the work stays tied to the caller's
 * after the work is done, so that a body still arriving can be aborted.
 */
export function withinTime<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, startTimer, signal, closing, onTimeout, discard }: TimeLimit<T>,
): Promise<T> {
  // Note: this runs once per API call, and what it makes lives as long as the call. So it makes little.
  return new Promise((resolve, reject) => {
    throwIfStopped(signal, closing);
    const limit = new AbortController();
    let isOver = false;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      stopTimer();
      stopListening();
      return true;
    };
    // The timer and both signals end it here. Which of them it was can be seen from the signals.
    const stop = (): void => {
      if (!end()) return;
      try {
        throwIfStopped(signal, closing);
        resolve(onTimeout());
      } catch (error) {
        reject(error);
      }
      limit.abort();
    };
    const stopListening = onStop([signal, closing], stop);
    const stopTimer = startTimer(timeoutMs, stop);
    try {
      const working = work(signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]));
      Promise.resolve(working).then(
        (value) => (end() ? resolve(value) : discard?.(value)),
        (error: unknown) => void (end() && reject(error)),
      );
    } catch (error) {
      end();
      reject(error);
    }
  });
}

function throwIfStopped(...signals: readonly (StopSignal | undefined)[]): undefined {
  for (const signal of signals) if (signal?.aborted === true) throw signal.reason;
}
