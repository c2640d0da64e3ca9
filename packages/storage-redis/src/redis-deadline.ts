import { StorageError } from "@bitbucket-auth/core";
import { isRefusal, storageFailure } from "./redis-failure.js";

/** How long a call may take, and what may end it sooner. */
export interface Bounds {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What the client knows of its connection, for the error of a call without a reply. */
  readonly state?: (() => string) | undefined;
  /** 1: the first of the two tries was made elsewhere. */
  readonly tries?: 1 | 2;
}

/** What is run. `isRepeat`: it may have run before. */
export type BoundedRun<T> = (signal: AbortSignal, isRepeat: boolean) => Promise<T>;

const longestTimerMs = 2 ** 31 - 1;
const noAnswer = new Error("no answer");

/**
 * Runs something that may safely run twice, and rejects with `StorageError` by the deadline.
 *
 * Silence and a lost connection leave open whether it happened, so it is run once more: each try gets half the time. The
 * signal given to `run` fires when its result is no longer used, so that a client can withdraw what it has not sent.
 */
export async function withinDeadline<T>(bounds: Bounds, run: BoundedRun<T>): Promise<T> {
  try {
    if (bounds.tries === 1) return await attempt(bounds, (signal) => run(signal, true));
    return await attempt(bounds, (signal) => run(signal, false)).catch((error: unknown) => {
      if (isRefusal(error) || error instanceof StorageError) throw error;
      return attempt(bounds, (signal) => run(signal, true));
    });
  } catch (error) {
    const known = bounds.state?.() ?? "";
    if (error !== noAnswer) throw storageFailure(error, known);
    throw new StorageError(
      `Redis did not answer within ${bounds.deadlineMs} ms. ${known && `${known} `}It is not known whether the command was executed: repeat it, or read back.`,
    );
  }
}

/** Runs reads. The first try of each is watched by one timer for all of them, and nothing of it can be withdrawn. */
export type BoundedReads = <T>(read: (signal?: AbortSignal) => Promise<T>) => Promise<T>;

/** A read under way, between the one that began before it and the one that began after. */
interface PendingRead {
  readonly startedAt: number;
  readonly giveUp: () => void;
  isOver: boolean;
  before: PendingRead | undefined;
  after: PendingRead | undefined;
}

/**
 * Reads within one deadline: the same two tries and errors as `withinDeadline()`, for less. Most calls of a storage are reads that are
 * answered in time, and a timer and an abort signal for each would take a third of their processor time.
 */
export function createBoundedReads(bounds: Omit<Bounds, "signal">): BoundedReads {
  const firstTryMs = Math.min(bounds.deadlineMs / 2, longestTimerMs);
  // A chain, in the order in which reads begin and time out. Note: a `Set` keeps what was deleted from it until it grows, which cost
  // as much processor time for garbage collection as all the rest of a read.
  let oldest: PendingRead | undefined;
  let newest: PendingRead | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const add = (giveUp: () => void): PendingRead => {
    const read = { startedAt: performance.now(), giveUp, isOver: false, before: newest, after: undefined };
    if (newest) newest.after = read;
    else oldest = read;
    newest = read;
    if (timer === undefined) arm(firstTryMs);
    return read;
  };
  /** Takes a read out of the chain. False: it was given up, and has been repeated already. */
  const end = (read: PendingRead): boolean => {
    if (read.isOver) return false;
    read.isOver = true;
    const { before, after } = read;
    if (before) before.after = after;
    else oldest = after;
    if (after) after.before = before;
    else newest = before;
    return true;
  };
  const sweep = (): void => {
    timer = undefined;
    const now = performance.now();
    for (let read = oldest; read; read = oldest) {
      const restMs = firstTryMs - (now - read.startedAt);
      if (restMs > 0) return arm(restMs);
      end(read);
      read.giveUp();
    }
  };
  const arm = (afterMs: number): void => {
    timer = setTimeout(sweep, Math.ceil(afterMs));
    // The client's connection keeps the process alive for as long as a reply may come.
    timer.unref();
  };

  return (read) =>
    new Promise((resolve, reject) => {
      const repeat = (): void => resolve(withinDeadline({ ...bounds, tries: 1 }, read));
      const entry = add(repeat);
      read().then(
        (reply) => {
          end(entry);
          resolve(reply);
        },
        (error: unknown) => {
          if (!end(entry)) return;
          if (isRefusal(error) || error instanceof StorageError) reject(storageFailure(error));
          else repeat();
        },
      );
    });
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
      // Abort only a try that failed: firing a signal is expensive, and after a reply there is nothing to withdraw.
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
  return new StorageError("The storage call was aborted. It is not known whether the command was executed.");
}
