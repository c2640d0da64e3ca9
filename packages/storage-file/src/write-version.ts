import { join } from "node:path";
import { StorageError, type CasResult, type Version } from "@bitbucket-auth/core";
import { numberedName } from "./file-name.js";
import { removeFile, syncDirectory } from "./file-system.js";
import { collectVersions, publishVersion, type EntryFiles } from "./publish-version.js";
import { readNewest, type NumberedVersion } from "./read-version.js";
import type { VersionEntry } from "./version-file.js";
import type { Warn } from "./warning.js";

const keptAncestors = 16;
const attempts = 100;

/** Replaces the newest version if it is still the `expected` one. */
export async function writeVersion(
  files: EntryFiles,
  expected: Version | null,
  next: Pick<VersionEntry, "version" | "state" | "bytes">,
  warn: Warn,
): Promise<CasResult> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const newest = await readNewest(files, warn);
    if (newest?.entry.version === next.version) {
      // Note: the first try may have given up, or be waiting, before it got as far.
      await syncDirectory(files.place.fs, files.directory);
      return { ok: true };
    }
    if ((newest?.entry.version ?? null) !== expected) return conflictWith(newest);
    const number = (newest?.number ?? 0) + 1;
    const ancestors = newest ? [newest.entry.version, ...newest.entry.ancestors].slice(0, keptAncestors) : [];
    // Note: when the name is taken somebody else was first, and the next round tells what they wrote.
    if (!(await publishVersion(files, number, { ...next, ancestors }))) continue;
    const after = await readNewest(files, warn);
    if (after && isPartOf(after, number, next.version)) {
      await collectVersions(files);
      return { ok: true };
    }
    // This process slept while others wrote and collected the very number it then took.
    await removeFile(files.place.fs, join(files.directory, numberedName("json", number)));
    return conflictWith(after);
  }
  throw changing(files);
}

/** Puts a tombstone in place of whatever is there. Answers whether that was a live entry, or a damaged one. */
export async function buryEntry(files: EntryFiles, version: Version, warn: Warn): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { entry } = (await readNewest(files, warn)) ?? {};
    // Note: a repeat of a deletion that worked. Whoever repeats it has not heard yet that there was an entry, and does not
    // mean what was written since.
    if (entry && [entry.version, ...entry.ancestors].includes(version)) return true;
    const buried = await writeVersion(
      files,
      entry?.version ?? null,
      { version, state: "deleted", bytes: new Uint8Array() },
      warn,
    );
    if (buried.ok) return entry !== undefined && entry.state !== "deleted";
  }
  throw changing(files);
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
    "So much was written meanwhile that it is not known whether this write happened. Repeat it.",
  );
}

function conflictWith(newest: NumberedVersion | null): CasResult {
  if (!newest) return { ok: false, current: null };
  const { version, state } = newest.entry;
  return { ok: false, current: version, ...(state !== "live" && { deleted: true }) };
}

function changing({ directory }: EntryFiles): StorageError {
  return new StorageError(`${directory} changed all the time while it was written. Try again.`);
}
