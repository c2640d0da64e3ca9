import { constants, type Stats } from "node:fs";
import { dirname, join, sep } from "node:path";
import {
  cannotMake,
  errorCode,
  flushDirectory,
  lastingFailures,
  notADirectory,
  obstacleError,
  shellQuote,
  unless,
  unlessShared,
  type FileSystem,
} from "./file-system.js";

/** How one storage uses the file system. */
export interface FileAccess {
  readonly fs: FileSystem;
  /** Accepts permissions of a group that this process belongs to, as Kubernetes sets them (`fsGroup`). */
  readonly allowGroup: boolean;
  /** The directories of the storage: one command closes all of them that were opened to others. */
  readonly directories: readonly PrivateDirectory[];
  /** Told of a path whose file system cannot flush, so that a write may be lost in a power cut. */
  readonly onUnflushed: (path: string) => void;
}

/** A directory of the storage, and the bits of a mode that it may not have. */
export interface PrivateDirectory {
  readonly path: string;
  readonly forbidden: number;
}

/** For a file or directory that others may not even read: every permission of group and others. */
export const anyForeignBit = 0o077;
/** For a directory that others may look into but not change. */
export const foreignWriteBits = 0o022;
const groupBits = 0o070;
/** The file that holds the encryption key, in a directory of its own. */
export const keyFileName = "encryption-key.json";

/**
 * Makes a directory that only its owner can enter, or checks the one that is there.
 *
 * Rejects with `StorageError` (`fix_config`) when it cannot be made, belongs to another user, is a symbolic link, or has one
 * of the `forbidden` bits; the message holds the command that corrects it. No mode is changed here: the user who opened a
 * directory to others has to be told that its content may have been read.
 */
export async function ensurePrivateDirectory(
  access: FileAccess,
  path: string,
  forbidden?: number,
): Promise<void> {
  await makeDirectory(access, path);
  await checkPrivateDirectory(access, path, forbidden);
}

/** Makes a directory and its parents. Each by itself, so that an error names the one that failed. */
async function makeDirectory(access: FileAccess, path: string): Promise<void> {
  if (await tryToMake(access, path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeDirectory(access, parent);
  if (await tryToMake(access, path)) return;
  const stats = await access.fs.stat(parent);
  throw stats.isDirectory()
    ? cannotMake(path, parent, { code: "ENOENT" })
    : obstacleError(notADirectory(parent));
}

/** `false`: the parent is missing, or is not a directory. */
async function tryToMake({ fs, onUnflushed }: FileAccess, path: string): Promise<boolean> {
  try {
    await fs.mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (code === "EEXIST") return true;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    if (!lastingFailures.includes(code)) throw error;
    // Note: a parent that cannot be written may be what answers, although the directory is there.
    if (await unless(fs.lstat(path), [...lastingFailures, "ENOENT"], null)) return true;
    throw cannotMake(path, dirname(path), error);
  }
  if (!(await flushDirectory(fs, dirname(path)))) onUnflushed(dirname(path));
  return true;
}

/** Checks a directory in the same way and makes nothing. `false`: it is not there. */
export async function checkPrivateDirectory(
  access: FileAccess,
  path: string,
  forbidden: number = anyForeignBit,
): Promise<boolean> {
  const stats = await unless(access.fs.lstat(path), ["ENOENT"], null);
  if (!stats) return false;
  if (stats.isSymbolicLink()) {
    throw obstacleError({
      problem: `${path} is a symbolic link, which is never followed.`,
      command: `realpath ${shellQuote(path)}, and give that as \`directory\``,
    });
  }
  if (!stats.isDirectory()) throw obstacleError(notADirectory(path));
  await assertPrivate(access, path, stats, forbidden);
  return true;
}

/** Reads a file that only its owner can read. Follows no link. `null` when there is none. */
export async function readPrivateFile(
  access: FileAccess,
  path: string,
): Promise<{ text: string; mtimeMs: number } | null> {
  // Note: Windows has no O_NOFOLLOW.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
  const handle = await unless(access.fs.open(path, flags), ["ENOENT"], null);
  if (!handle) return null;
  try {
    const stats = await handle.stat();
    await assertPrivate(access, path, stats, anyForeignBit);
    return { text: await handle.readFile("utf8"), mtimeMs: stats.mtimeMs };
  } finally {
    await handle.close();
  }
}

async function assertPrivate(
  access: FileAccess,
  path: string,
  stats: Stats,
  forbidden: number,
): Promise<void> {
  // Note: asked each time, because a server may start as root and go on as another user. Windows has no such owner of
  // files: there the profile's ACL protects.
  const currentUser = process.geteuid?.();
  if (currentUser === undefined) return;
  const isOurGroup = groupsOfThisProcess().includes(stats.gid);
  const acceptsGroup = access.allowGroup && isOurGroup;
  // Note: the root of a mounted volume belongs to root, who can read everything anyway.
  const isVolumeRoot = isOurGroup && stats.isDirectory() && stats.uid === 0 && currentUser !== 0;
  const below = isVolumeRoot ? " If it is where a volume is mounted, give a directory below it." : "";
  if (stats.uid !== currentUser && !(isVolumeRoot && acceptsGroup)) {
    throw obstacleError({
      problem: `${path} belongs to another user (${stats.uid}).${below}`,
      command: unlessShared(path, `sudo chown -R "$(id -u)" ${shellQuote(path)}`),
    });
  }
  const open = stats.mode & forbidden & (acceptsGroup ? ~groupBits : ~0);
  if (open === 0) return;
  const others = open & ~groupBits ? "other users of this machine" : `group ${stats.gid}`;
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, "0");
  const advice =
    (open & ~groupBits) === 0 && isOurGroup
      ? " If Kubernetes sets this at each mount (fsGroup), set fsGroupChangePolicy: OnRootMismatch, or pass `allowGroup: true`."
      : below;
  const [holder = path, ...more] = await openDirectories(access, path);
  throw obstacleError({
    problem: `${path} is open to ${others} (mode ${mode}).${advice}`,
    command: unlessShared(holder, `chmod -R u=rwX,go= ${[holder, ...more].map(shellQuote).join(" ")}`),
  });
}

function groupsOfThisProcess(): number[] {
  const effective = process.getegid?.();
  return [...(process.getgroups?.() ?? []), ...(effective === undefined ? [] : [effective])];
}

/** What to close: the directory of the storage that holds the refused path, and the others of them that are open as well. */
async function openDirectories({ fs, directories }: FileAccess, refused: string): Promise<string[]> {
  const holds = (path: string): boolean => `${refused}${sep}`.startsWith(`${path}${sep}`);
  const holder = directories.find(({ path }) => holds(path))?.path ?? refused;
  const open = [holder];
  for (const { path, forbidden } of directories) {
    if (path !== holder && (await isOpen(fs, path, forbidden))) open.push(path);
  }
  return open;
}

async function isOpen(fs: FileSystem, directory: string, forbidden: number): Promise<boolean> {
  const modeOf = (path: string): Promise<number> =>
    fs.lstat(path).then(
      ({ mode }) => mode,
      () => 0,
    );
  const keyMode = await modeOf(join(directory, keyFileName));
  return ((await modeOf(directory)) & forbidden) !== 0 || (keyMode & anyForeignBit) !== 0;
}
