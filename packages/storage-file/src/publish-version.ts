import { join } from "node:path";
import { publishDraft, withDraft, type Place } from "./draft.js";
import { numberedName, numbersOf } from "./file-name.js";
import { removeFile, syncDirectory, unless } from "./file-system.js";
import { formatVersionFile, type VersionEntry } from "./version-file.js";

/** The versions of one entry, in a directory of their own. */
export interface EntryFiles {
  readonly place: Place;
  readonly directory: string;
  readonly key: string;
}

/** The numbers of the versions that are there, highest first. */
export async function versionNumbers({ place, directory }: EntryFiles): Promise<number[]> {
  return numbersOf("json", await unless(place.fs.readdir(directory), ["ENOENT"], []));
}

/**
 * **What is written to disk.** Writes a version and makes it the nth, unless somebody else has.
 *
 * The file is written under another name (0600), flushed, linked to its name and the directory flushed: whoever reads
 * sees the whole file or none, also after a power cut. The link is the comparison: of all writers that saw version n - 1,
 * one can make version n.
 */
export async function publishVersion(
  files: EntryFiles,
  number: number,
  entry: VersionEntry,
): Promise<boolean> {
  const { place, directory, key } = files;
  return withDraft(place, { content: formatVersionFile(key, entry), durable: true }, async (draft) => {
    const published = await publishDraft(place, draft, join(directory, numberedName("json", number)));
    if (published) await syncDirectory(place.fs, directory);
    return published;
  });
}

/** Removes all but the two newest versions. */
export async function collectVersions(files: EntryFiles): Promise<void> {
  const numbers = await versionNumbers(files);
  for (const number of numbers.slice(2)) {
    await removeFile(files.place.fs, join(files.directory, numberedName("json", number)));
  }
}
