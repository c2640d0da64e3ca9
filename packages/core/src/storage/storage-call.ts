import { isBitbucketAuthError, StorageError } from "../errors.js";
import { startTimer } from "../timer.js";

/** A third of a lease: whoever answers more slowly cannot keep one. The storages of this family give up sooner by themselves. */
const callMs = 10_000;
/** For what may have to look through much that is not ours, or to wait for a person who unlocks it. */
export const longCallMs = 60_000;

/** Whose code is called, and for how long it is waited for. */
export interface StorageCallOptions {
  /** The subject of the error's message. @default The storage */
  readonly who?: string;
  /** In milliseconds. @default 10_000 */
  readonly limitMs?: number;
}

/**
 * Makes one call of a storage, or of a function that stands behind one, and waits for it within a limit. Rejects with a
 * `StorageError` when it fails, and with a transient one when it is silent: what was asked may happen all the same, even later.
 */
export function storageCall<T>(
  call: () => T | Promise<T>,
  { who = "The storage", limitMs = callMs }: StorageCallOptions = {},
): Promise<T> {
  return told(who, async () => {
    let stopTimer: (() => void) | undefined;
    const silence = new Promise<never>((_, reject) => {
      const giveUp = (): void =>
        reject(
          new StorageError(
            `${who} did not answer within ${limitMs / 1_000} s. What was asked may still happen; try again.`,
          ),
        );
      stopTimer = startTimer(limitMs, giveUp);
    });
    try {
      return await Promise.race([call(), silence]);
    } finally {
      stopTimer?.();
    }
  });
}

/** Makes a call and waits for its end. Whatever it throws becomes a `StorageError`, unless it is an error of ours. */
export async function told<T>(who: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isBitbucketAuthError(error)) throw error;
    // A foreign error may carry the command it failed on, and with it the bytes: only its name travels on.
    const name = error instanceof Error ? error.name : typeof error;
    throw new StorageError(`${who} failed (${name}). What was stored before is untouched; try again.`);
  }
}
