import { isBitbucketAuthError, StorageError } from "../errors.js";
import { codeOfThrown } from "../text.js";
import { bound } from "../timing.js";

/** A third of a lease: a slower storage cannot renew one in time. The storages of this family give up sooner. */
const callMs = 10_000;
/** For calls that may look through many entries of others, or wait for a user who unlocks a keyring. */
export const longCallMs = 60_000;

/** Which code is called, and for how long it is waited for. */
export interface StorageCallOptions {
  /** The subject of the error's message: what was called. */
  readonly who: string;
  /** What a call changes, for the error's message. Absent: it changes nothing. */
  readonly change?: string | undefined;
  /** In milliseconds. @default 10_000 */
  readonly limitMs?: number;
}

/**
 * Makes one call of a storage, or of a function that stands behind one, and waits for it within a limit. Rejects with a
 * `StorageError` when it fails, and with a transient one when it is silent: what was asked may happen all the same, even later.
 */
export function storageCall<T>(
  call: () => T | Promise<T>,
  { who, change, limitMs = callMs }: StorageCallOptions,
): Promise<T> {
  return withStorageErrors({ who, change }, () =>
    bound<T>(call, {
      timeoutMs: limitMs,
      signals: [],
      onTimeout() {
        throw new StorageError(
          `${who} did not answer within ${limitMs / 1_000} s. ${unknownFate(change)}Try again.`,
        );
      },
    }),
  );
}

/** Makes a call and waits for its end. What it throws becomes a `StorageError`, unless it is an error of ours. */
export async function withStorageErrors<T>(
  { who, change }: Pick<StorageCallOptions, "who" | "change">,
  call: () => T | Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isBitbucketAuthError(error)) throw error;
    throw new StorageError(`${who} failed (${codeOfThrown(error)}). ${unknownFate(change)}Try again.`);
  }
}

function unknownFate(change: string | undefined): string {
  return change === undefined ? "" : `It is not known whether the ${change} happened. `;
}
