import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StorageError } from "@bitbucket-auth/core";
import { fileSystemNow, publishDraft } from "./draft.js";
import { numberedName } from "./file-name.js";
import { removeFile, unless } from "./file-system.js";
import { readPrivateFile } from "./private-access.js";
import { publishVersion, versionNumbers, type EntryFiles } from "./publish-version.js";
import { parseVersionFile, type VersionEntry } from "./version-file.js";
import type { Warn } from "./warning.js";

/** A version and its number. */
export interface NumberedVersion {
  readonly number: number;
  readonly entry: VersionEntry;
}

/** How long a server that allows it takes the refresh token before the last one: after that, using it again looks like theft. */
const leewayMs = 10 * 60_000;

const attempts = 100;
const pollMs = 20;
const longestWriteMs = 1_000;

/**
 * Reads the newest version of an entry; `null` when there never was one.
 *
 * A version that cannot be read is never taken for a fresh start. It is set aside as `<n>.json.corrupt-<when written>`,
 * told, and followed by a new version in its place: a copy of the one before, if that one was written less than ten
 * minutes ago (its refresh token may then still be taken by a server with a leeway); otherwise a mark of the damage, because
 * presenting an older refresh token can end the grant for everybody.
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
    if (await isBeingWritten(files, found, now)) await pause(pollMs);
    else await replaceCorrupt(files, newest, older, found, now, warn);
  }
  throw new StorageError(`${files.directory} changed all the time while it was read. Try again.`);
}

interface FoundVersion {
  readonly text: string;
  readonly mtimeMs: number;
  /** `null` when the file is corrupt. */
  readonly entry: VersionEntry | null;
}

async function readVersion(
  { place, directory, key }: EntryFiles,
  number: number,
): Promise<FoundVersion | null> {
  const file = await readPrivateFile(place.fs, join(directory, numberedName("json", number)));
  return file && { ...file, entry: parseVersionFile(key, file.text) };
}

/** Without hard links a file has its name before it has its content. */
async function isBeingWritten(
  { place }: EntryFiles,
  { mtimeMs }: FoundVersion,
  now: number,
): Promise<boolean> {
  return Math.abs(now - mtimeMs) < longestWriteMs && !(await place.hasLinks());
}

async function replaceCorrupt(
  files: EntryFiles,
  number: number,
  older: readonly number[],
  corrupt: FoundVersion,
  now: number,
  warn: Warn,
): Promise<void> {
  const { place, directory } = files;
  const path = join(directory, numberedName("json", number));
  const aside = `${path}.corrupt-${Math.trunc(corrupt.mtimeMs)}`;
  const draft = { path, content: corrupt.text, writtenAt: corrupt.mtimeMs };
  // Note: no file means that somebody else has just replaced it.
  if ((await unless(publishDraft(place, draft, aside), ["ENOENT"], null)) === null) return;
  const restored = await restorable(files, older, now);
  const replacement = restored ?? {
    version: randomUUID(),
    ancestors: [],
    state: "damaged",
    bytes: new Uint8Array(),
  };
  // Note: the number of the corrupt file is not used again, or a reader that still believes it corrupt could remove its heir.
  if (!(await publishVersion(files, number + 1, replacement))) return;
  await removeFile(place.fs, path);
  warn({
    code: "corrupt_file",
    path: aside,
    message:
      `A token file was damaged and is set aside as ${aside}. ` +
      (restored ? "The version before it is used." : "There is no version to fall back on: sign in again."),
  });
}

async function restorable(
  files: EntryFiles,
  older: readonly number[],
  now: number,
): Promise<VersionEntry | null> {
  for (const number of older) {
    const found = await readVersion(files, number);
    if (!found?.entry) continue;
    const ageMs = now - found.mtimeMs;
    // Note: younger than nothing is what was written before the clock was set back, who knows when.
    const isYoung = ageMs >= 0 && ageMs < leewayMs;
    return found.entry.state === "live" && isYoung ? found.entry : null;
  }
  return null;
}
