/**
 * Builds the package in the working directory as its `package.json` says: one ESM file for each entry, and one for what
 * several entries share. `dependencies` and `peerDependencies` stay outside; what else `src` imports is built in. `tsc -b` makes
 * the types.
 *
 * With `--one-shared-file` all that entries share is in one file: each file costs about a millisecond to import. Without it a
 * consumer of one entry loads nothing that only another needs.
 */
import { readFileSync } from "node:fs";
import { access, glob, readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import process from "node:process";
import { rolldown, type Plugin } from "rolldown";
import { shakeBuiltIn } from "./shake-built-in.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const { exports, bin, dependencies, peerDependencies } = JSON.parse(
  await readFile("package.json", "utf8"),
) as Manifest;

/** The modules of `src` that are files of their own in `dist`. */
async function entries(): Promise<readonly string[]> {
  const targets = [...Object.values(exports), ...Object.values(bin ?? {})];
  const files = targets.map((target) => (typeof target === "string" ? target : target.default));
  const found = files.filter((file) => file.endsWith(".js")).map((file) => `src/${basename(file, ".js")}.ts`);
  // What a module starts by its address, as a process or a worker. An example in a comment names no file of ours.
  const started = /new URL\("\.\/([\w-]+)\.js", import\.meta\.url\)/g;
  for await (const file of glob("src/**/*.ts"))
    for (const [, name] of (await readFile(file, "utf8")).matchAll(started)) {
      const source = file.replace(/[\w-]+\.ts$/, `${name}.ts`);
      if (await exists(source)) found.push(source);
    }
  return found;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Leaves sources out of the maps. Ours are beside them in the package. In place of what is built in there is a line that names it:
 * tools that find nothing look for a file, which is not in the package, and warn of it.
 */
const noSourcesInMaps: Plugin = {
  name: "no-sources-in-maps",
  generateBundle(_options, output) {
    for (const file of Object.values(output)) {
      if (file.type !== "asset" || !file.fileName.endsWith(".map")) continue;
      const map = JSON.parse(String(file.source)) as { sources: string[]; sourcesContent: (string | null)[] };
      map.sourcesContent = map.sources.map((source) =>
        source.startsWith("../src/") ? null : `// Built in: ${source.replace(/^.*\/node_modules\//, "")}`,
      );
      file.source = JSON.stringify(map);
    }
  },
};

for await (const file of glob("dist/**/*.{js,js.map,d.ts,d.ts.map}")) {
  const source = file.replace(/^dist/, "src").replace(/(?:\.d)?(?:\.ts|\.js)(?:\.map)?$/, ".ts");
  if (!file.includes(".d.ts") || !(await exists(source))) await rm(file);
}

function needsNode(file: string): boolean {
  // What a plugin makes up is no file; its name begins with a zero.
  return !file.startsWith("\0") && /from "node:/.test(readFileSync(file, "utf8"));
}

const oneSharedFile = process.argv.includes("--one-shared-file");
const outside = Object.keys({ ...dependencies, ...peerDependencies });
const bundle = await rolldown({
  input: Object.fromEntries((await entries()).map((file) => [basename(file, ".ts"), file])),
  external: [/^node:/, ...outside.map((name) => new RegExp(`^${name}(?:/|$)`))],
  // Not "node": what is built in runs everywhere, and ofetch's edition for Node brings a fetch of its own.
  platform: "neutral",
  plugins: [shakeBuiltIn, noSourcesInMaps],
  onLog(level, { message }) {
    if (level === "warn") throw new Error(message);
  },
});
// All in one folder: a module that starts another by its address finds it beside itself.
await bundle.write({
  dir: "dist",
  sourcemap: true,
  sourcemapIgnoreList: /node_modules/,
  // A runtime reads a file of one byte a character more quickly, and one other character makes it two for all.
  charset: "ascii",
  // What describes our names is in the types. A runtime would read it on each start.
  comments: { legal: true, annotation: true, jsdoc: false },
  entryFileNames: "[name].js",
  chunkFileNames: oneSharedFile ? "[name].js" : "shared-[name].js",
  ...(oneSharedFile && {
    // What only runs on Node stays out of it: the file is loaded wherever one of the entries is.
    codeSplitting: { groups: [{ name: "shared", minShareCount: 2, test: (file) => !needsNode(file) }] },
  }),
});
