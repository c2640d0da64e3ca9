import { constants, type Stats } from "node:fs";
import { dirname } from "node:path";
import { notADirectory, obstacleError, shellQuote } from "./file-error.js";
import { syncDirectory, unless, type FileSystem } from "./file-system.js";

/** Bits of a mode that nobody but the owner may have. */
const anyForeignBit = 0o077;
export const foreignWriteBits = 0o022;

/**
 * Makes a directory that only its owner can enter, or checks the one that is there.
 *
 * Rejects with `StorageError` (`fix_config`) when it belongs to somebody else, is a symbolic link, or has one of the
 * `forbidden` bits; the message holds the command that mends it. Nothing is mended silently: who opened a directory to
 * others should hear that its content may have been read.
 */
export async function ensurePrivateDirectory(
  fs: FileSystem,
  path: string,
  forbidden?: number,
): Promise<void> {
  const made = await unless(fs.mkdir(path, { recursive: true, mode: 0o700 }), ["EEXIST"], undefined);
  for (let parent = path; made !== undefined && parent.length >= made.length;) {
    parent = dirname(parent);
    await syncDirectory(fs, parent);
  }
  await checkPrivateDirectory(fs, path, forbidden);
}

/** Checks a directory in the same way and makes nothing. `false`: it is not there. */
export async function checkPrivateDirectory(
  fs: FileSystem,
  path: string,
  forbidden: number = anyForeignBit,
): Promise<boolean> {
  const stats = await unless(fs.lstat(path), ["ENOENT"], null);
  if (!stats) return false;
  if (stats.isSymbolicLink()) {
    throw obstacleError({
      problem: `${path} is a symbolic link, which is never followed.`,
      command: `realpath ${shellQuote(path)}, and give that as \`directory\``,
    });
  }
  if (!stats.isDirectory()) throw obstacleError(notADirectory(path));
  assertPrivate(path, stats, forbidden);
  return true;
}

/** Reads a file that only its owner can read. Follows no link. `null` when there is none. */
export async function readPrivateFile(
  fs: FileSystem,
  path: string,
): Promise<{ text: string; mtimeMs: number } | null> {
  // Note: Windows has no O_NOFOLLOW.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
  const handle = await unless(fs.open(path, flags), ["ENOENT"], null);
  if (!handle) return null;
  try {
    const stats = await handle.stat();
    assertPrivate(path, stats, anyForeignBit);
    return { text: await handle.readFile("utf8"), mtimeMs: stats.mtimeMs };
  } finally {
    await handle.close();
  }
}

function assertPrivate(path: string, stats: Stats, forbidden: number): void {
  // Note: asked each time, because a server may start as root and go on as somebody else. Windows has no such owner of
  // files: there the profile's ACL protects.
  const currentUser = process.geteuid?.();
  if (currentUser === undefined) return;
  if (stats.uid !== currentUser) {
    throw obstacleError({
      problem: `${path} belongs to another user (${stats.uid}).`,
      command: `sudo chown -R "$(id -u)" ${shellQuote(path)}`,
    });
  }
  if ((stats.mode & forbidden) === 0) return;
  const [who, mode] = stats.isDirectory() ? ["entered or changed", "700"] : ["read or changed", "600"];
  throw obstacleError({
    problem: `${path} can be ${who} by other users of this machine.`,
    command: `chmod ${mode} ${shellQuote(path)}`,
  });
}
