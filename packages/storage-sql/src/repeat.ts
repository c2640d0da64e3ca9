import { isBitbucketAuthError, StorageError } from "@bitbucket-auth/core";
import type { AttemptBounds } from "./clients/sql-connection.js";
import type { SqlFailure } from "./failure.js";

/** How long a call may take, and what may end it sooner. */
export interface Bounds {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What is repeated, and what its failures mean. */
export interface RepeatedCall<T> {
  /** May run any number of times, also when an earlier run happens late. */
  attempt(bounds: AttemptBounds): Promise<T>;
  judge(error: unknown): SqlFailure;
  /** The error of a call that got no answer in time. */
  silence(): StorageError;
}

const longestTimerMs = 2 ** 31 - 1;
const noAnswer = new Error("no answer");
/** Pauses between attempts: up to 8 ms, then 16, then 32, and no more than 128. */
const pauseMs = { first: 8, last: 128 };

/**
 * Runs something until it succeeds, is refused, or its deadline is over.
 *
 * Until the deadline and not a number of times: a refused port answers within a millisecond, and a restart takes a second. A
 * silent attempt is given up after half of the time, so that another connection has the other half.
 */
export async function untilDeadline<T>({ deadlineMs, signal }: Bounds, call: RepeatedCall<T>): Promise<T> {
  const startedAt = performance.now();
  const leftMs = (): number => deadlineMs - (performance.now() - startedAt);
  for (let tries = 0; ; tries += 1) {
    // Note: the client has timers of its own, which take no more than Node's.
    const timeoutMs = Math.max(1, Math.min(deadlineMs / 2, leftMs(), longestTimerMs));
    const failure = await attempt(timeoutMs, signal, call);
    if ("value" in failure) return failure.value;
    const waitMs = failure.isSilent ? 0 : pauseFor(tries);
    if (!failure.isPassing || leftMs() <= waitMs) throw failure.error;
    if (waitMs > 0) await pause(waitMs, signal);
  }
}

/** Full jitter: writers that conflicted once do not conflict again at the next attempt. */
function pauseFor(tries: number): number {
  return Math.random() * Math.min(pauseMs.last, pauseMs.first * 2 ** Math.min(tries, 8));
}

type Outcome<T> = { readonly value: T } | (SqlFailure & { readonly isSilent?: boolean });

async function attempt<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  call: RepeatedCall<T>,
): Promise<Outcome<T>> {
  const over = new AbortController();
  try {
    const value = await bounded(timeoutMs, signal, over, () =>
      call.attempt({ timeoutMs, signal: over.signal }),
    );
    return { value };
  } catch (error) {
    if (error === noAnswer) {
      const silence = call.silence();
      return { isPassing: silence.transient, error: silence, isSilent: true };
    }
    if (isBitbucketAuthError(error)) throw error;
    return call.judge(error);
  }
}

/** Waits for work, for so long at most, and aborts `over` when it is not waited for any longer. */
async function bounded<T>(
  ms: number,
  signal: AbortSignal | undefined,
  over: AbortController,
  work: () => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw aborted();
  let end: (() => void) | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      const giveUp = (reason: Error): void => {
        reject(reason);
        over.abort();
      };
      const onAbort = (): void => giveUp(aborted());
      const timer = setTimeout(giveUp, ms, noAnswer);
      signal?.addEventListener("abort", onAbort);
      end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      work().then(resolve, reject);
    });
  } finally {
    end?.();
  }
}

/** Waits; an aborted signal ends that at once. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let end: (() => void) | undefined;
  const over = new AbortController();
  try {
    await bounded(
      longestTimerMs,
      signal,
      over,
      () =>
        new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          end = () => clearTimeout(timer);
        }),
    );
  } finally {
    end?.();
  }
}

function aborted(): StorageError {
  return new StorageError("The storage call was aborted. It is not known whether it took effect.");
}
