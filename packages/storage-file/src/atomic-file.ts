import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { flush, flushDirectory, removeFile, setTimes, unless } from "./file-system.js";
import { ensurePrivateDirectory, type FileAccess } from "./private-access.js";

/** A directory in which files appear whole or not at all. Nothing is written to it before the first draft. */
export interface Place {
  readonly access: FileAccess;
  /** Where files are written before they get their name: same device, other directory. */
  readonly drafts: string;
  /** Whether the file system has hard links. Without them a reader may meet a file that is still being written. */
  hasLinks(): Promise<boolean>;
}

/** A file that is written and has no name yet. */
export interface Draft {
  readonly path: string;
  readonly content: string;
  /** When it was written, by the clock of the file system: epoch milliseconds. */
  readonly writtenAt: number;
}

/** Makes a place of a directory. `onMissingLinks` is called once if there are no hard links. */
export function createPlace(
  access: FileAccess,
  directory: string,
  onMissingLinks: () => void = () => {},
): Place {
  const drafts = join(directory, ".drafts");
  const tried = once(async () => {
    await ensurePrivateDirectory(access, drafts);
    const hasLinks = await tryToLink(access, directory, drafts);
    if (!hasLinks) onMissingLinks();
    return hasLinks;
  });
  return { access, drafts, hasLinks: () => tried.get() };
}

/** Writes a draft (0600), lets it be used, and removes it whatever happened. A `durable` one survives a power cut. */
export async function withDraft<T>(
  { access, drafts }: Place,
  { content, durable }: { readonly content: string; readonly durable: boolean },
  use: (draft: Draft) => Promise<T>,
): Promise<T> {
  await ensurePrivateDirectory(access, drafts);
  const path = join(drafts, draftName());
  try {
    const writtenAt = await writeNew(access, path, content, durable);
    return await use({ path, content, writtenAt });
  } finally {
    await removeFile(access.fs, path);
  }
}

/**
 * Gives a draft its name, unless the name is taken: the one exclusive step that everything here is built on.
 *
 * With hard links the file appears complete. Without them it is written in place, so that a reader has to check what it
 * reads, and a process killed in the middle leaves a torn file behind.
 */
export async function publishDraft(place: Place, draft: Draft, target: string): Promise<boolean> {
  const { access } = place;
  const { fs } = access;
  if (await place.hasLinks()) return linked(access, draft.path, target, ["EEXIST"]);
  const times = await fs.stat(draft.path);
  const handle = await unless(fs.open(target, "wx", 0o600), ["EEXIST"], null);
  if (!handle) return false;
  try {
    await handle.writeFile(draft.content);
    if (!(await flush(handle))) access.onUnflushed(target);
    await setTimes(fs, { handle, path: target }, times);
    return true;
  } catch (error) {
    // Note: half a file, on a full disk, would be taken for a damaged one.
    await removeFile(fs, target);
    throw error;
  } finally {
    await handle.close();
  }
}

/** Makes the names that were given in a directory survive a power cut. */
export async function keepNames({ access }: Place, directory: string): Promise<void> {
  if (!(await flushDirectory(access.fs, directory))) access.onUnflushed(directory);
}

/** What time it is for the file system, whose clock may be another machine's. */
export function fileSystemNow(place: Place): Promise<number> {
  return withDraft(place, { content: "", durable: false }, async ({ writtenAt }) => writtenAt);
}

const longestWriteMs = 1_000;

/** Whether a file that makes no sense may still get its content: without hard links it has its name before. */
export async function isBeingWritten(place: Place, mtimeMs: number, now: number): Promise<boolean> {
  return Math.abs(now - mtimeMs) < longestWriteMs && !(await place.hasLinks());
}

const abandonedAfterMs = 60_000;
// Note: Windows says EISDIR of exFAT, Android allows no program to link (EACCES), and EXDEV is what `link` answers between
// two mounts.
const noLinks: readonly string[] =
  "EPERM ENOTSUP EOPNOTSUPP ENOSYS EMLINK EISDIR EACCES EXDEV EINVAL ERR_ACCESS_DENIED".split(" ");

/** Links a file for a try, and removes what killed processes left: both once in the life of a place. */
async function tryToLink(access: FileAccess, directory: string, drafts: string): Promise<boolean> {
  const { fs } = access;
  const name = draftName();
  const path = join(drafts, name);
  // Note: in the directory itself, because the drafts may have been mounted from another device.
  const link = join(directory, `.${name}.link`);
  try {
    const now = await writeNew(access, path, "", false);
    for (const left of await fs.readdir(drafts)) {
      const stats = await unless(fs.lstat(join(drafts, left)), ["ENOENT"], null);
      if (stats && now - stats.mtimeMs > abandonedAfterMs) await removeFile(fs, join(drafts, left));
    }
    const hasLinks = await linked(access, path, link, noLinks);
    if (hasLinks) await removeFile(fs, link);
    return hasLinks;
  } finally {
    await removeFile(fs, path);
  }
}

function draftName(): string {
  return `${process.pid}-${randomUUID()}`;
}

async function writeNew(
  { fs, onUnflushed }: FileAccess,
  path: string,
  content: string,
  durable: boolean,
): Promise<number> {
  const handle = await fs.open(path, "wx", 0o600);
  try {
    await handle.writeFile(content);
    if (durable && !(await flush(handle))) onUnflushed(path);
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
  }
}

/** Links, or answers `false` on one of the expected failures. */
function linked({ fs }: FileAccess, from: string, to: string, expected: readonly string[]): Promise<boolean> {
  const done = fs.link(from, to).then(() => true);
  return unless(done, expected, false);
}

/** Asks once for all callers, and again after a refusal. */
export function once<T>(ask: () => Promise<T>): { get(): Promise<T> } {
  let asked: Promise<T> | undefined;
  return {
    get() {
      asked ??= ask().catch((error: unknown) => {
        asked = undefined;
        throw error;
      });
      return asked;
    },
  };
}
