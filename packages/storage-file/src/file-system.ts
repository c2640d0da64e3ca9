import { fsync } from "node:fs";
import * as promises from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { isBitbucketAuthError, StorageError, type OpOptions } from "@bitbucket-auth/core";

/** The calls this package makes on a file system. Passed in, so that a full or failing disk can be tested. */
export type FileSystem = Pick<
  typeof promises,
  "link" | "lstat" | "mkdir" | "open" | "readdir" | "stat" | "unlink" | "utimes"
>;

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = promises;

/**
 * The code of a failed call, such as `ENOENT`.
 *
 * Judged by shape: under jest, vitest's `vmThreads` and jsdom, errors of the file system are made by another realm's `Error`.
 */
export function errorCode(error: unknown): string | undefined {
  return textOf(error, "code");
}

function textOf(error: unknown, property: string): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const found: unknown = Reflect.get(error, property);
  return typeof found === "string" ? found : undefined;
}

/** Turns one expected failure into a value; rejects with any other. */
export async function unless<T, F>(
  call: Promise<T>,
  expected: readonly string[],
  fallback: F,
): Promise<T | F> {
  try {
    return await call;
  } catch (error) {
    if (expected.includes(errorCode(error) ?? "")) return fallback;
    throw error;
  }
}

/** File systems and sandboxes answer these for what they cannot do. `EIO` and `ENOSPC` are not among them: they mean lost data. */
const cannot: readonly string[] = (
  "EINVAL ENOTSUP EOPNOTSUPP ENOSYS EPERM EACCES EBADF EISDIR EROFS ENOTTY " +
  "ERR_ACCESS_DENIED ERR_METHOD_NOT_IMPLEMENTED ERR_FEATURE_UNAVAILABLE_ON_PLATFORM"
).split(" ");

/** Tries each way until one is supported. `false`: none is. A failure that does not say "not supported" rejects. */
async function goAnyWay(ways: readonly (() => Promise<unknown>)[]): Promise<boolean> {
  for (const way of ways) {
    try {
      await way();
      return true;
    } catch (error) {
      // Note: a way that is not implemented rejects with an error without a code.
      if (!cannot.includes(errorCode(error) ?? "ERR_METHOD_NOT_IMPLEMENTED")) throw error;
    }
  }
  return false;
}

/**
 * Writes what the operating system still holds in memory to the disk. `false`: that is not supported here.
 *
 * There are two ways, because each is missing somewhere: the handles of Yarn Plug'n'Play have no working `sync`, and Node's
 * permission model refuses `fsync` on a descriptor.
 */
export function flush(handle: FileHandle): Promise<boolean> {
  return goAnyWay([() => handle.sync(), () => flushDescriptor(handle.fd)]);
}

/**
 * Sets the times of an open file, by its handle where that can be done: the name may have gone to another file meanwhile.
 * Yarn Plug'n'Play and Node's permission model have the way by name only.
 */
export async function setTimes(
  fs: FileSystem,
  { handle, path }: { readonly handle: FileHandle; readonly path: string },
  { atime, mtime }: { readonly atime: Date; readonly mtime: Date },
): Promise<void> {
  const byName = (): Promise<void> => unless(fs.utimes(path, atime, mtime), ["ENOENT"], undefined);
  if (!(await goAnyWay([() => handle.utimes(atime, mtime)]))) await byName();
}

function flushDescriptor(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(descriptor, (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Makes a new name in a directory survive a power cut. `false`: it cannot be done here.
 *
 * A directory that can be written but not read is left to the operating system: every file in it is flushed by itself.
 */
export async function flushDirectory(fs: FileSystem, directory: string): Promise<boolean> {
  // Note: Windows refuses to open a directory for this, and needs no such thing.
  if (process.platform === "win32") return true;
  const notReadable = ["EACCES", "EPERM", "EISDIR", "ERR_ACCESS_DENIED"];
  const handle = await unless(fs.open(directory, "r"), notReadable, null);
  if (!handle) return true;
  try {
    return await flush(handle);
  } finally {
    await handle.close();
  }
}

/** Removes a file if it is there. Windows refuses while a virus scanner has it open, so this asks a few times. */
export async function removeFile(fs: FileSystem, path: string): Promise<void> {
  for (let pauseMs = 10; ; pauseMs *= 2) {
    const outcome = await unless(fs.unlink(path), ["ENOENT"], undefined).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (!outcome) return;
    if (!["EBUSY", "EPERM"].includes(errorCode(outcome.error) ?? "") || pauseMs > 200) throw outcome.error;
    await pause(pauseMs);
  }
}

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

/** What prevents a file operation, and the command that corrects or shows it. */
export interface Obstacle {
  readonly problem: string;
  readonly command: string;
}

/** An obstacle as the error that storages reject with. Waiting does not help, so its `action` is `fix_config`. */
export function obstacleError({ problem, command }: Obstacle, cause?: unknown): StorageError {
  const message = `${problem} What was stored before is unchanged. To fix it: ${command}`;
  return new StorageError(message, { cause, action: "fix_config" });
}

/** A failed file operation as the one error that storages reject with. `directory` is the one the operation was for. */
export function asStorageError(error: unknown, directory: string): Error {
  if (isBitbucketAuthError(error)) return error;
  const code = errorCode(error) ?? "unknown code";
  const path = textOf(error, "path") ?? textOf(error, "resource") ?? directory;
  const failure = { path, directory, code, operation: textOf(error, "syscall") ?? "the file operation" };
  const obstacle = obstacles[code]?.(failure);
  if (obstacle) return obstacleError(obstacle, error);
  const message = `${failure.operation} failed on ${path} (${code}). What was stored before is unchanged. Repeat the call.`;
  return new StorageError(message, { cause: error });
}

/** A directory that is missing and cannot be made. Names the directory that refused, which is not always the one asked for. */
export function cannotMake(path: string, parent: string, error: unknown): StorageError {
  const code = errorCode(error) ?? "unknown code";
  const choose = "or choose another place with the option `directory` (for the key: `keyDirectory`)";
  const command =
    code === "EROFS"
      ? `findmnt -T ${shellQuote(parent)} shows how it is mounted; make ${shellQuote(path)} before it is mounted read-only, ${choose}`
      : code === "ERR_ACCESS_DENIED"
        ? allowInNode(path)
        : `sudo install -d -m 700 -o "$(id -u)" ${shellQuote(path)}; ${choose}`;
  const reason = code === "EROFS" ? "is on a read-only file system" : "does not let this program make it";
  return obstacleError({ problem: `${path} is missing, and ${parent} ${reason} (${code}).`, command }, error);
}

/** Failures of `mkdir` that waiting does not end. */
export const lastingFailures: readonly string[] =
  "EACCES EPERM EROFS ENOTSUP EOPNOTSUPP ENOSYS ENAMETOOLONG EINVAL ERR_ACCESS_DENIED".split(" ");

/** Something other than a directory is where a directory should be. */
export function notADirectory(path: string): Obstacle {
  return {
    problem: `${path} is not a directory.`,
    command: unlessShared(path, `mv ${shellQuote(path)} ${shellQuote(`${path}.old`)}`),
  };
}

/** The places that every program of a machine uses. */
const sharedPlaces =
  /^\/(?:$|(?:bin|boot|etc|home|lib\d*|media|mnt|opt|root|run|sbin|srv|tmp|usr|var|Users|private|Library)$|(?:var|private)\/tmp$|(?:dev|proc|sys)(?:\/|$))/;

/** A command that changes a path, or better advice where other programs need the path as it is: `/`, `/tmp`, the home. */
export function unlessShared(path: string, command: string): string {
  const isShared = sharedPlaces.test(path) || path === process.env["HOME"];
  if (!isShared) return command;
  return "give a directory that is this program's alone as `directory` (for the key: `keyDirectory`), one below a home, say";
}

/** A path that a shell takes as it is. */
export function shellQuote(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

interface Failure {
  readonly path: string;
  readonly directory: string;
  readonly code: string;
  readonly operation: string;
}

type Explain = (failure: Failure) => Obstacle;

const forbidden: Explain = ({ path, directory, code, operation }) => ({
  problem: `This program may not use ${path} (${operation}: ${code}).`,
  command: unlessShared(
    directory,
    `sudo chown -R "$(id -u)" ${shellQuote(directory)} && chmod -R u=rwX,go= ${shellQuote(directory)}`,
  ),
});

const full: Explain = ({ path, directory, code, operation }) => ({
  problem: `There is no space left to write ${path} (${operation}: ${code}).`,
  command: `df -h ${shellQuote(directory)}, then make room`,
});

const obstacles: Readonly<Record<string, Explain>> = {
  EACCES: forbidden,
  EPERM: forbidden,
  ERR_ACCESS_DENIED: ({ path, directory }) => ({
    problem: `Node's permission model does not let this program use ${path} (ERR_ACCESS_DENIED).`,
    command: allowInNode(directory),
  }),
  ENOSPC: full,
  EDQUOT: full,
  ENOTDIR: ({ path }) => notADirectory(path),
  EROFS: ({ path, directory, operation }) => ({
    problem: `${path} is on a read-only file system (${operation}: EROFS).`,
    command: `findmnt -T ${shellQuote(directory)} shows how it is mounted; or choose another \`directory\``,
  }),
  EXDEV: ({ path, directory }) => ({
    problem: `${path} is on another device than the rest of ${directory} (EXDEV), and no file can be linked between two.`,
    command: `findmnt -R -T ${shellQuote(directory)} shows what is mounted there; mount one device for all of it`,
  }),
  ELOOP: ({ path }) => ({
    problem: `${path} is a symbolic link, which is never followed.`,
    command: `ls -l ${shellQuote(path)} shows where it leads`,
  }),
};

function allowInNode(directory: string): string {
  // Note: without the asterisk Node allows the files of a directory only if it was there at the start.
  const quoted = shellQuote(`${directory}/*`);
  return `start Node with --allow-fs-read=${quoted} --allow-fs-write=${quoted}`;
}

/** What a JSON object holds; `null` when the text is no JSON or no object. */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    // Note: some editors put a byte order mark in front.
    const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : null;
  } catch {
    return null;
  }
}
