import { isBitbucketAuthError, StorageError } from "@bitbucket-auth/core";
import { errnoOf } from "./file-system.js";

/** What stands in the way of a file operation, and the command that mends or shows it. */
export interface Obstacle {
  readonly problem: string;
  readonly command: string;
}

/** An obstacle as the error that storages reject with. Waiting does not help, so its `action` is `fix_config`. */
export function obstacleError({ problem, command }: Obstacle, cause?: unknown): StorageError {
  const message = `${problem} What was stored before is untouched. To mend it: ${command}`;
  return new StorageError(message, { cause, action: "fix_config" });
}

/** A failed file operation as the one error that storages reject with. */
export function asStorageError(error: unknown, directory: string): Error {
  if (isBitbucketAuthError(error)) return error;
  const code = errnoOf(error) ?? "unknown";
  const path = pathOf(error) ?? directory;
  const obstacle = obstacles[code]?.(path, directory);
  if (obstacle) return obstacleError(obstacle, error);
  const message = `${path} could not be read or written (${code}). What was stored before is untouched; try again.`;
  return new StorageError(message, { cause: error });
}

/** Something other than a directory is where a directory should be. */
export function notADirectory(path: string): Obstacle {
  return {
    problem: `${path} is not a directory.`,
    command: `mv ${shellQuote(path)} ${shellQuote(`${path}.old`)}`,
  };
}

/** A path that a shell takes as it is. */
export function shellQuote(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

type Explain = (path: string, directory: string) => Obstacle;

const forbidden: Explain = (path, directory) => ({
  problem: `This program may not use ${path}.`,
  command: `sudo chown -R "$(id -u)" ${shellQuote(directory)} && chmod -R u=rwX,go= ${shellQuote(directory)}`,
});

const full: Explain = (path, directory) => ({
  problem: `There is no space left to write ${path}.`,
  command: `df -h ${shellQuote(directory)}, then make room`,
});

const obstacles: Readonly<Record<string, Explain>> = {
  EACCES: forbidden,
  EPERM: forbidden,
  ENOSPC: full,
  EDQUOT: full,
  ENOTDIR: notADirectory,
  EROFS: (path, directory) => ({
    problem: `${path} is on a read-only file system.`,
    command: `findmnt -T ${shellQuote(directory)} shows how it is mounted; or choose another \`directory\``,
  }),
  ELOOP: (path) => ({
    problem: `${path} is a symbolic link, which is never followed.`,
    command: `ls -l ${shellQuote(path)} shows where it leads`,
  }),
};

function pathOf(error: unknown): string | undefined {
  return error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : undefined;
}
