import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** What lies in a `node_modules`. */
export interface InstalledSize {
  readonly packages: number;
  readonly bytes: number;
}

/** `node_modules/name/package.json` or `node_modules/@scope/name/package.json`, at any depth. */
const packageRoot = /(^|[/\\])node_modules[/\\](@[^/\\]+[/\\])?[^@./\\][^/\\]*[/\\]package\.json$/;

/** Counts packages at any depth, and the bytes of all files as they are, not as a disk rounds them. */
export async function installedSize(folder: string): Promise<InstalledSize> {
  const modules = join(folder, "node_modules");
  let packages = 0;
  let bytes = 0;
  for (const path of await readdir(modules, { recursive: true })) {
    const file = join("node_modules", path);
    const entry = await lstat(join(folder, file));
    if (!entry.isFile()) continue;
    bytes += entry.size;
    if (packageRoot.test(file)) packages++;
  }
  return { packages, bytes };
}
