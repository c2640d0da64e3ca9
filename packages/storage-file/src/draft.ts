import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { removeFile, unless, type FileSystem } from "./file-system.js";
import { once } from "./once.js";
import { ensurePrivateDirectory } from "./private-access.js";

/** A directory in which files appear whole or not at all. Nothing is written to it before the first draft. */
export interface Place {
  readonly fs: FileSystem;
  /** Where files are written before they get their name: same file system, other directory. */
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

const abandonedAfterMs = 60_000;
// Note: Windows says EISDIR of exFAT, and Android allows no program to link (EACCES).
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EISDIR", "EACCES"];

/** Makes a place of a directory. `onMissingLinks` is called once if there are no hard links. */
export function createPlace(fs: FileSystem, directory: string, onMissingLinks: () => void = () => {}): Place {
  const drafts = join(directory, ".drafts");
  const tried = once(async () => {
    await ensurePrivateDirectory(fs, drafts);
    const hasLinks = await tryToLink(fs, drafts);
    if (!hasLinks) onMissingLinks();
    return hasLinks;
  });
  return { fs, drafts, hasLinks: () => tried.get() };
}

/** Links a file for a try, and clears away what killed processes left: both once in the life of a place. */
async function tryToLink(fs: FileSystem, drafts: string): Promise<boolean> {
  const path = join(drafts, draftName());
  try {
    const now = await writeNew(fs, path, "", false);
    for (const name of await fs.readdir(drafts)) {
      const stats = await unless(fs.lstat(join(drafts, name)), ["ENOENT"], null);
      if (stats && now - stats.mtimeMs > abandonedAfterMs) await removeFile(fs, join(drafts, name));
    }
    const hasLinks = await linked(fs, path, `${path}.link`, noLinks);
    if (hasLinks) await removeFile(fs, `${path}.link`);
    return hasLinks;
  } finally {
    await removeFile(fs, path);
  }
}

/** Writes a draft (0600), lets it be used, and removes it whatever happened. A `durable` one survives a power cut. */
export async function withDraft<T>(
  { fs, drafts }: Place,
  { content, durable }: { readonly content: string; readonly durable: boolean },
  use: (draft: Draft) => Promise<T>,
): Promise<T> {
  await ensurePrivateDirectory(fs, drafts);
  const path = join(drafts, draftName());
  try {
    const writtenAt = await writeNew(fs, path, content, durable);
    return await use({ path, content, writtenAt });
  } finally {
    await removeFile(fs, path);
  }
}

function draftName(): string {
  return `${process.pid}-${randomUUID()}`;
}

async function writeNew(fs: FileSystem, path: string, content: string, durable: boolean): Promise<number> {
  const handle = await fs.open(path, "wx", 0o600);
  try {
    await handle.writeFile(content);
    if (durable) await handle.sync();
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
  }
}

/** What time it is for the file system, whose clock may be another machine's. */
export function fileSystemNow(place: Place): Promise<number> {
  return withDraft(place, { content: "", durable: false }, async ({ writtenAt }) => writtenAt);
}

/**
 * Gives a draft its name, unless the name is taken: the one exclusive step that everything here is built on.
 *
 * With hard links the file appears complete. Without them it is written in place, so that a reader has to check what it
 * reads, and a process killed in the middle leaves a torn file behind.
 */
export async function publishDraft(place: Place, draft: Draft, target: string): Promise<boolean> {
  const { fs } = place;
  if (await place.hasLinks()) return linked(fs, draft.path, target, ["EEXIST"]);
  const { atime, mtime } = await fs.stat(draft.path);
  const handle = await unless(fs.open(target, "wx", 0o600), ["EEXIST"], null);
  if (!handle) return false;
  try {
    await handle.writeFile(draft.content);
    await handle.sync();
    await handle.utimes(atime, mtime);
    return true;
  } catch (error) {
    // Note: half a file, on a full disk, would be taken for a damaged one.
    await removeFile(fs, target);
    throw error;
  } finally {
    await handle.close();
  }
}

/** Links, or answers `false` on one of the expected failures. */
function linked(fs: FileSystem, from: string, to: string, expected: readonly string[]): Promise<boolean> {
  const done = fs.link(from, to).then(() => true);
  return unless(done, expected, false);
}
