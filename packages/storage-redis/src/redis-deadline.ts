import { StorageError } from "@bitbucket-auth/core";
import { isRefusal, storageFailure } from "./redis-failure.js";

/** How long a call may take, and what may end it sooner. */
export interface Bounds {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What is run, and told whether it may have run before. */
export type BoundedRun<T> = (signal: AbortSignal, isRepeat: boolean) => Promise<T>;

const longestTimerMs = 2 ** 31 - 1;
const noAnswer = new Error("no answer");

/**
 * Runs something that may safely run twice, and rejects with `StorageError` by the deadline.
 *
 * Silence and a lost connection leave open whether it happened, so it is run once more: each try gets half the time. The
 * signal given to `run` fires when nobody waits for it any longer, so that a client can withdraw what it has not sent.
 */
export async function withinDeadline<T>(bounds: Bounds, run: BoundedRun<T>): Promise<T> {
  try {
    return await attempt(bounds, (signal) => run(signal, false)).catch((error: unknown) => {
      if (isRefusal(error) || error instanceof StorageError) throw error;
      return attempt(bounds, (signal) => run(signal, true));
    });
  } catch (error) {
    if (error !== noAnswer) throw storageFailure(error);
    throw new StorageError(
      `Redis did not answer within ${bounds.deadlineMs} ms. It may do what was asked all the same: repeat it, or read back.`,
    );
  }
}

async function attempt<T>(
  { deadlineMs, signal }: Bounds,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw aborted();
  const over = new AbortController();
  let end: (() => void) | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      // Note: only a try that failed is aborted. Firing a signal is dear, and nobody listens after an answer.
      const giveUp = (reason: Error): void => {
        reject(reason);
        over.abort();
      };
      const onAbort = (): void => giveUp(aborted());
      const timer = setTimeout(giveUp, Math.min(deadlineMs / 2, longestTimerMs), noAnswer);
      signal?.addEventListener("abort", onAbort);
      end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      run(over.signal).then(resolve, reject);
    });
  } finally {
    end?.();
  }
}

function aborted(): StorageError {
  return new StorageError("The storage call was aborted. It may have happened all the same.");
}
