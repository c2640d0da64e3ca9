import { basename, join } from "node:path";
import { entryDirectoryName, numberedName, numbersOf } from "./file-name.js";
import { unless, type FileSystem } from "./file-system.js";
import { readPrivateFile } from "./private-access.js";
import { parseAnyVersionFile } from "./version-file.js";

const attempts = 100;

/** The key of the live entry in a directory; `null` when it holds a tombstone, only a lease, or nothing that can be read. */
export async function liveKeyIn(fs: FileSystem, directory: string): Promise<string | null> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const [newest] = numbersOf("json", await unless(fs.readdir(directory), ["ENOENT", "ENOTDIR"], []));
    if (newest === undefined) return null;
    const file = await readPrivateFile(fs, join(directory, numberedName("json", newest)));
    // Note: no file means that a newer version has come meanwhile.
    if (!file) continue;
    const found = parseAnyVersionFile(file.text);
    const isAtHome = found && entryDirectoryName(found.key) === basename(directory);
    return isAtHome && found.entry.state === "live" ? found.key : null;
  }
  return null;
}
