import * as promises from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

/** The calls this package makes on a file system. Passed in, so that a full or failing disk can be tested. */
export type FileSystem = Pick<
  typeof promises,
  "link" | "lstat" | "mkdir" | "open" | "readdir" | "stat" | "unlink" | "utimes"
>;

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = promises;

/** The code of a failed system call, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Turns one expected failure into a value; any other goes on its way. */
export async function unless<T, F>(
  call: Promise<T>,
  expected: readonly string[],
  fallback: F,
): Promise<T | F> {
  try {
    return await call;
  } catch (error) {
    if (expected.includes(errnoOf(error) ?? "")) return fallback;
    throw error;
  }
}

/**
 * Makes a new name in a directory survive a power cut.
 *
 * Windows refuses to open a directory for this and needs no such thing.
 */
export async function syncDirectory(fs: FileSystem, directory: string): Promise<void> {
  const handle = await unless(fs.open(directory, "r"), ["EPERM", "EISDIR", "EACCES"], null);
  if (!handle) return;
  try {
    await unless(handle.sync(), ["EPERM", "EINVAL", "EBADF"], undefined);
  } finally {
    await handle.close();
  }
}

/** Removes a file if it is there. Windows refuses while a virus scanner has it open, so it is asked a few times. */
export async function removeFile(fs: FileSystem, path: string): Promise<void> {
  for (let pauseMs = 10; ; pauseMs *= 2) {
    const outcome = await unless(fs.unlink(path), ["ENOENT"], undefined).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (!outcome) return;
    if (!["EBUSY", "EPERM"].includes(errnoOf(outcome.error) ?? "") || pauseMs > 200) throw outcome.error;
    await pause(pauseMs);
  }
}
