import { execFile } from "node:child_process";
import { readdir, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packPackages, root, type PackedPackages } from "../consumers/packed-packages.ts";
import { plainEnvironment } from "../consumers/plain-environment.ts";
import {
  copyUse,
  installAlone,
  readManifest,
  type LonePackage,
  type LonePackages,
} from "./installed-alone.ts";
import { machineNodes } from "./machine-nodes.ts";

const run = promisify(execFile);

/** What cannot be loaded without its peer, which shows that the packages are alone. */
const unloadable: Readonly<Record<string, string>> = {
  "@bitbucket-auth/testing/msw": "ERROR Cannot find package 'msw'",
};

const nodes = await machineNodes();
const folders = await readdir(join(root, "packages"));

let packed: PackedPackages;
let lone: LonePackages;
beforeAll(async () => {
  packed = await packPackages();
  lone = await installAlone(packed.all);
  await Promise.all(lone.all.map(copyUse));
}, 300_000);
afterAll(() => lone.remove());

function find(folder: string): LonePackage {
  const found = lone.all.find((each) => each.folder === folder);
  if (!found) throw new Error(`${folder} was not packed`);
  return found;
}

describe("installing", () => {
  it("any package brings what its manifest names, and nothing below that", async () => {
    const brought: Record<string, readonly string[]> = {};
    for (const { folder, manifest, project } of lone.all) {
      const names = await closure(project, Object.keys(manifest.dependencies ?? {}));
      if (names.length > 0) brought[folder] = names;
    }
    const ours = ["core", "credentials", "storage-file", "web"].map((name) => `@bitbucket-auth/${name}`);
    expect(brought).toEqual({
      cli: [...ours, "commander", "cookie", "jose"],
      express: ["@bitbucket-auth/web", "cookie", "jose"],
      web: ["cookie", "jose"],
    });
  });

  /** The names given, what they depend on, and so on. */
  async function closure(project: string, names: readonly string[]): Promise<string[]> {
    const found = new Map<string, string>();
    const waiting = names.map((name) => [name, join(project, "node_modules")] as const);
    for (const [name, modules] of waiting) {
      if (found.has(name)) continue;
      const directory = await realpath(join(modules, name));
      found.set(name, directory);
      // pnpm links what a package depends on beside the package.
      const beside = join(directory, ...name.split("/").map(() => ".."));
      const { dependencies = {} } = await readManifest(directory);
      waiting.push(...Object.keys(dependencies).map((each) => [each, beside] as const));
    }
    return [...found.keys()].toSorted();
  }
});

describe.each(nodes)("on Node $version", ({ executable }) => {
  /** By package: what each entry exports, or why it cannot be loaded. */
  type Loaded = Readonly<Record<string, Readonly<Record<string, string>>>>;
  let imported: Loaded;
  let required: Loaded;
  beforeAll(async () => {
    [imported, required] = await Promise.all([load("import"), load("require")]);
  }, 180_000);

  /** Loads every entry of every package from the project that the package is alone in. */
  async function load(by: "import" | "require"): Promise<Loaded> {
    const extension = by === "import" ? "mjs" : "cjs";
    for (const { entries, project } of lone.all) {
      const each = entries.map((entry) => `async () => ${by === "import" ? "await " : ""}${by}("${entry}")`);
      const list = `{ ${entries.map((entry, nth) => `"${entry}": ${each[nth]}`).join(", ")} }`;
      const text = by === "import" ? `export default ${list};` : `module.exports = ${list};`;
      await writeFile(join(project, `entries.${extension}`), text);
    }
    const files = lone.all.map(({ folder, project }) => [folder, join(project, `entries.${extension}`)]);
    const code = `
      const all = {};
      for (const [folder, file] of ${JSON.stringify(files)}) {
        const { default: entries } = await import(require("node:url").pathToFileURL(file));
        all[folder] = {};
        for (const [entry, load] of Object.entries(entries)) {
          try {
            const names = Object.keys(await load());
            all[folder][entry] = names.filter((name) => name !== "default" && name !== "__esModule").sort().join();
          } catch (error) {
            all[folder][entry] = "ERROR " + error.message.split("\\n")[0].replace(/ imported from .*/, "");
          }
        }
      }
      console.log(JSON.stringify(all));`;
    const { stdout, stderr } = await run(
      executable,
      ["--input-type=commonjs", "--eval", `(async () => {${code}})();`],
      { cwd: lone.directory, env: plainEnvironment() },
    );
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Loaded;
  }

  it.each(folders)("every entry of @bitbucket-auth/%s can be imported and required", (folder) => {
    const names = expect.stringMatching(/^[A-Za-z_]\w*(,[A-Za-z_]\w*)*$/);
    const expected = find(folder).entries.map((entry) => [entry, unloadable[entry] ?? names]);
    expect(imported[folder]).toEqual(Object.fromEntries(expected));
    expect(required[folder]).toEqual(imported[folder]);
  });
});

describe("a program that uses", () => {
  it.each(folders)("@bitbucket-auth/%s runs where only that is installed", async (folder) => {
    const { project } = find(folder);
    const options = { cwd: project, env: plainEnvironment() };
    expect(await run(process.execPath, ["app.ts"], options)).toEqual({ stdout: "", stderr: "" });
  });
});
