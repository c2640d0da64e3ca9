import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A package of the project in a directory, or of this program; `undefined` where neither has it. */
export async function loadFromProject(name: string, directory: string = process.cwd()): Promise<unknown> {
  for (const base of [pathToFileURL(join(directory, "package.json")).href, import.meta.url]) {
    try {
      const path = createRequire(base).resolve(name);
      const loaded: unknown = await import(pathToFileURL(path).href);
      return loaded;
    } catch {
      // The other place may have it.
    }
  }
  return undefined;
}

/** What a loaded package exports under a name, also where it is CommonJS and stands in its `default`. */
export function exportOf(library: unknown, name: string): unknown {
  if (typeof library !== "object" || library === null) return undefined;
  const found: unknown = Reflect.get(library, name);
  if (found !== undefined) return found;
  const whole: unknown = Reflect.get(library, "default");
  return typeof whole === "object" && whole !== null ? Reflect.get(whole, name) : undefined;
}
