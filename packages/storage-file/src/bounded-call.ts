import { StorageError, type OpOptions } from "@bitbucket-auth/core";

const longestTimerMs = 2 ** 31 - 1;

/** Frees the caller on an abort or at the deadline. What was begun goes on: a file operation cannot be called back. */
export async function boundedCall<T>({ signal, deadlineMs }: OpOptions, call: () => Promise<T>): Promise<T> {
  if (signal?.aborted) throw new StorageError("The storage call was aborted before it began.");
  if (!signal && deadlineMs === undefined) return call();
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const giveUp = (reason: string): void => {
      leave();
      reject(new StorageError(`${reason} Whether it happened is not known: repeat it or read back.`));
    };
    const onAbort = (): void => giveUp("The storage call was aborted.");
    const timer =
      deadlineMs === undefined
        ? undefined
        : setTimeout(
            () => giveUp(`The file system did not answer within ${deadlineMs} ms.`),
            Math.min(deadlineMs, longestTimerMs),
          );
    signal?.addEventListener("abort", onAbort);
    call().finally(leave).then(resolve, reject);
  });
}
