import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { root } from "./root.ts";

/** A module that users import: a package, or one of its subpaths. */
export interface PublishedModule {
  /** What stands behind `from`. */
  readonly name: string;
  readonly sourceFile: string;
  readonly packageName: string;
  readonly packageFolder: string;
}

const packageJson = z.object({
  name: z.string(),
  exports: z.record(z.string(), z.union([z.string(), z.object({ types: z.optional(z.string()) })])),
});

/** Every subpath with types of every package, core first. */
export async function everyPublishedModule(): Promise<PublishedModule[]> {
  const folders = await readdir(join(root, "packages"));
  const coreFirst = folders.toSorted(
    (a, b) => Number(b === "core") - Number(a === "core") || (a < b ? -1 : 1),
  );
  const modules = await Promise.all(coreFirst.map((folder) => modulesOf(join(root, "packages", folder))));
  return modules.flat();
}

async function modulesOf(packageFolder: string): Promise<PublishedModule[]> {
  const { name: packageName, exports } = packageJson.parse(
    JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")),
  );
  return Object.entries(exports).flatMap(([subpath, target]) => {
    if (typeof target === "string" || target.types === undefined) return [];
    const source = target.types.replace(/^\.\/dist\//, "src/").replace(/\.d\.ts$/, ".ts");
    const name = packageName + subpath.slice(1);
    return [{ name, sourceFile: join(packageFolder, source), packageName, packageFolder }];
  });
}
