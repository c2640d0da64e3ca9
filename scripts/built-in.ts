import { glob, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

/** A package of another project whose code is in a file of ours. */
export interface BuiltIn {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Where it is installed. */
  readonly directory: string;
}

/**
 * What is built into the package in a folder, by name: its maps tell what each file in `dist` is made of. Where that is a built
 * file of another package of ours, what is built into that one counts.
 */
export async function builtInto(folder: string): Promise<readonly BuiltIn[]> {
  const found = new Map<string, BuiltIn>();
  for await (const file of glob(join(folder, "dist/*.js.map"))) {
    const { sources } = JSON.parse(await readFile(file, "utf8")) as { readonly sources: readonly string[] };
    for (const source of sources) {
      const [, sibling] = /^\.\.\/\.\.\/([\w-]+)\/dist\//.exec(source) ?? [];
      if (sibling !== undefined)
        for (const each of await builtInto(join(folder, "..", sibling))) found.set(each.directory, each);
      const [directory] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(resolve(folder, "dist", source)) ?? [];
      if (directory === undefined || found.has(directory)) continue;
      const manifest = JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as BuiltIn;
      const { name, version, license } = manifest;
      found.set(directory, { name, version, license, directory });
    }
  }
  return [...found.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}
