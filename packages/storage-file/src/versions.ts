import { randomUUID } from "node:crypto";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StorageError, type CasResult, type Version } from "@bitbucket-auth/core";
import {
  fileSystemNow,
  isBeingWritten,
  keepNames,
  publishDraft,
  withDraft,
  type Place,
} from "./atomic-file.js";
import { removeFile, unless } from "./file-system.js";
import { entryDirectoryName, numberedName, numbersOf } from "./paths.js";
import { readPrivateFile, type FileAccess } from "./private-access.js";
import {
  formatVersionFile,
  parseAnyVersionFile,
  parseVersionFile,
  type VersionEntry,
} from "./version-file.js";
import type { Warn } from "./warning.js";

/** The versions of one entry, in a directory of their own. */
export interface EntryFiles {
  readonly place: Place;
  readonly directory: string;
  readonly key: string;
}

/** A version and its number. */
export interface NumberedVersion {
  readonly number: number;
  readonly entry: VersionEntry;
}

/** How often an operation looks again while other processes write. */
const attempts = 100;
/** How many versions back a writer that was overtaken still finds its own. */
const keptAncestors = 64;
/** How many deletions an entry remembers. About 90 bytes each; a user who signs out needs one. */
const keptDeletions = 100;

/**
 * Reads the newest version of an entry; `null` when there never was one.
 *
 * A version that cannot be read is never taken for an empty entry. It is set aside as `<n>.json.corrupt-<when written>`,
 * reported, and followed by a new version in its place: a copy of the one before, if that one was written less than ten
 * minutes ago (its refresh token may then still be taken by a server with a leeway); otherwise a mark of the damage, because
 * presenting an older refresh token can end the grant of every process.
 */
export async function readNewest(files: EntryFiles, warn: Warn): Promise<NumberedVersion | null> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const [newest, ...older] = await versionNumbers(files);
    if (newest === undefined) return null;
    const found = await readVersion(files, newest);
    if (found?.entry) return { number: newest, entry: found.entry };
    // Note: no file means that a newer version has come and this one was collected. Look again.
    if (!found) continue;
    const now = await fileSystemNow(files.place);
    if (await isBeingWritten(files.place, found.mtimeMs, now)) await pause(pollMs);
    else await replaceCorrupt(files, { number: newest, older, found, now }, warn);
  }
  throw new StorageError(
    `${files.directory} changed in each of ${attempts} attempts to read it. Repeat the call.`,
  );
}

/** Replaces the newest version if it is still the `expected` one. */
export async function writeVersion(
  files: EntryFiles,
  expected: Version | null,
  next: Pick<VersionEntry, "version" | "state" | "bytes">,
  warn: Warn,
): Promise<CasResult> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const newest = await readNewest(files, warn);
    if (newest?.entry.version === next.version && newest.entry.state === next.state) {
      // Note: the first try may have given up, or be waiting, before it got as far.
      await keepNames(files.place, files.directory);
      return { ok: true };
    }
    if ((newest?.entry.version ?? null) !== expected) return conflictWith(newest);
    const number = (newest?.number ?? 0) + 1;
    // Note: when the name is taken another process was first, and the next round reads what it wrote.
    if (!(await publishVersion(files, number, follow(newest?.entry, next)))) continue;
    const after = await readNewest(files, warn);
    if (after && isPartOf(after, number, next.version)) {
      await collectVersions(files, after);
      return { ok: true };
    }
    // This process slept while others wrote and collected the very number it then took.
    await removeFile(files.place.access.fs, versionPath(files, number));
    return conflictWith(after);
  }
  throw changing(files);
}

/** Puts a tombstone in place of whatever is there. Answers whether that was a live entry, or a damaged one. */
export async function buryEntry(files: EntryFiles, version: Version, warn: Warn): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { entry } = (await readNewest(files, warn)) ?? {};
    // Note: the caller repeats because the first answer was lost, and does not mean what was written since.
    const repeated = entry?.deletions.find((deletion) => deletion.version === version);
    if (repeated) {
      await keepNames(files.place, files.directory);
      return repeated.wasThere;
    }
    const tombstone = { version, state: "deleted" as const, bytes: new Uint8Array() };
    const buried = await writeVersion(files, entry?.version ?? null, tombstone, warn);
    if (buried.ok) return isThere(entry);
  }
  throw changing(files);
}

/** The key of the live entry in a directory; `null` when it holds a tombstone, only a lease, or nothing that can be read. */
export async function liveKeyIn(access: FileAccess, directory: string): Promise<string | null> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const names = await unless(access.fs.readdir(directory), ["ENOENT", "ENOTDIR"], []);
    const [newest] = numbersOf("json", names);
    if (newest === undefined) return null;
    const file = await readPrivateFile(access, join(directory, numberedName("json", newest)));
    // Note: no file means that a newer version has come meanwhile.
    if (!file) continue;
    const found = parseAnyVersionFile(file.text);
    const belongsHere = found && entryDirectoryName(found.key) === basename(directory);
    return belongsHere && found.entry.state === "live" ? found.key : null;
  }
  return null;
}

/** The version that comes after another, with what it remembers of those before. */
function follow(
  before: VersionEntry | undefined,
  next: Pick<VersionEntry, "version" | "state" | "bytes">,
): VersionEntry {
  const ancestors = before ? [before.version, ...before.ancestors].slice(0, keptAncestors) : [];
  const earlier = before?.deletions ?? [];
  const deletions =
    next.state === "deleted"
      ? [{ version: next.version, wasThere: isThere(before) }, ...earlier].slice(0, keptDeletions)
      : earlier;
  return { ...next, ancestors, deletions };
}

function isThere(entry: VersionEntry | undefined): boolean {
  return entry !== undefined && entry.state !== "deleted";
}

/** The numbers of the versions that are there, highest first. */
async function versionNumbers({ place, directory }: EntryFiles): Promise<number[]> {
  return numbersOf("json", await unless(place.access.fs.readdir(directory), ["ENOENT"], []));
}

function versionPath({ directory }: EntryFiles, number: number): string {
  return join(directory, numberedName("json", number));
}

/**
 * **What is written to disk.** Writes a version and makes it the nth, unless another process has.
 *
 * The file is written under another name (0600), flushed, linked to its name and the directory flushed: a reader sees the
 * whole file or none, also after a power cut. The link is the comparison: of all writers that saw version n - 1, one can
 * make version n.
 */
async function publishVersion(files: EntryFiles, number: number, entry: VersionEntry): Promise<boolean> {
  const { place, directory, key } = files;
  return withDraft(place, { content: formatVersionFile(key, entry), durable: true }, async (draft) => {
    const published = await publishDraft(place, draft, versionPath(files, number));
    if (published) await keepNames(place, directory);
    return published;
  });
}

/** Removes all but the two newest versions; all but the tombstone after a deletion, which leaves no token behind. */
async function collectVersions(files: EntryFiles, newest: NumberedVersion): Promise<void> {
  const kept = newest.entry.state === "deleted" ? 1 : 2;
  for (const number of (await versionNumbers(files)).filter((each) => each <= newest.number).slice(kept)) {
    await removeFile(files.place.access.fs, versionPath(files, number));
  }
}

/** How long a server that allows it takes the refresh token before the last one: after that, using it again looks like theft. */
const leewayMs = 10 * 60_000;
const pollMs = 20;

interface FoundVersion {
  readonly text: string;
  readonly mtimeMs: number;
  /** `null` when the file is corrupt. */
  readonly entry: VersionEntry | null;
}

async function readVersion(files: EntryFiles, number: number): Promise<FoundVersion | null> {
  const file = await readPrivateFile(files.place.access, versionPath(files, number));
  return file && { ...file, entry: parseVersionFile(files.key, file.text) };
}

interface CorruptVersion {
  readonly number: number;
  readonly older: readonly number[];
  readonly found: FoundVersion;
  readonly now: number;
}

async function replaceCorrupt(
  files: EntryFiles,
  { number, older, found, now }: CorruptVersion,
  warn: Warn,
): Promise<void> {
  const path = versionPath(files, number);
  const aside = `${path}.corrupt-${Math.trunc(found.mtimeMs)}`;
  const draft = { path, content: found.text, writtenAt: found.mtimeMs };
  // Note: no file means that another process has just replaced it.
  if ((await unless(publishDraft(files.place, draft, aside), ["ENOENT"], null)) === null) return;
  const before = await newestSound(files, older);
  const restored = before && isRestorable(before, now) ? before.entry : null;
  const damaged = { version: randomUUID(), state: "damaged" as const, bytes: new Uint8Array() };
  // Note: the number of the corrupt file is not used again, or a reader that still takes it for corrupt could remove its successor.
  const replacement = restored ?? { ...damaged, ancestors: [], deletions: before?.entry.deletions ?? [] };
  if (!(await publishVersion(files, number + 1, replacement))) return;
  await removeFile(files.place.access.fs, path);
  warn({
    code: "corrupt_file",
    path: aside,
    message:
      `A token file was damaged and is set aside as ${aside}. ` +
      (restored ? "The version before it is used." : "There is no version to fall back on: sign in again."),
  });
}

interface SoundVersion extends FoundVersion {
  readonly entry: VersionEntry;
}

async function newestSound(files: EntryFiles, numbers: readonly number[]): Promise<SoundVersion | null> {
  for (const number of numbers) {
    const found = await readVersion(files, number);
    if (found?.entry) return { ...found, entry: found.entry };
  }
  return null;
}

function isRestorable({ entry, mtimeMs }: SoundVersion, now: number): boolean {
  const ageMs = now - mtimeMs;
  // Note: a negative age means that the clock was set back. The real age is unknown, so do not restore.
  return entry.state === "live" && ageMs >= 0 && ageMs < leewayMs;
}

/**
 * Whether our version, made the nth, is the newest or one that the newest was built on.
 *
 * A name alone does not prove it: versions are collected, so a process that was stopped between reading and writing may find
 * a number free that was used long ago.
 */
function isPartOf(newest: NumberedVersion, number: number, version: Version): boolean {
  if (newest.entry.version === version || newest.entry.ancestors.includes(version)) return true;
  if (newest.number - number <= keptAncestors) return false;
  throw new StorageError(
    `${newest.number - number} versions were written meanwhile, so it is not known whether this write happened. Repeat it.`,
  );
}

function conflictWith(newest: NumberedVersion | null): CasResult {
  if (!newest) return { ok: false, current: null };
  const { version, state } = newest.entry;
  return { ok: false, current: version, ...(state !== "live" && { deleted: true }) };
}

function changing({ directory }: EntryFiles): StorageError {
  return new StorageError(
    `${directory} changed in each of ${attempts} attempts to write to it. Repeat the call.`,
  );
}
