import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packPackages, root, type PackedPackages } from "../consumers/packed-packages.ts";
import { plainEnvironment } from "../consumers/plain-environment.ts";
import { compile, compilers, resolutions, type Compilation } from "./compile.ts";
import {
  copyUse,
  installAlone,
  linkFromWorkspace,
  type LonePackage,
  type LonePackages,
} from "./installed-alone.ts";
import { machineNodes } from "./machine-nodes.ts";

const run = promisify(execFile);

/** The packages whose types need nothing of Node. */
const forPages = ["browser", "core"];
/** The packages that are for pages alone. */
const onlyForPages = ["browser"];

/** Entries for the users of somebody else's package, and that package. */
const entriesWithPeer: Readonly<Record<string, string>> = {
  "@bitbucket-auth/api-v2/openapi": "@coderabbitai/bitbucket",
  "@bitbucket-auth/testing/msw": "msw",
  "@bitbucket-auth/testing/vitest": "vitest",
};

/** What cannot be loaded without its peer, which shows that the packages are alone. */
const unloadable: Readonly<Record<string, string>> = {
  "@bitbucket-auth/testing/msw": "ERROR Cannot find package 'msw'",
};

const coreDependencies = ["destr", "node-fetch-native", "ofetch", "ufo", "zod"];

const nodes = await machineNodes();
const folders = await readdir(join(root, "packages"));

let packed: PackedPackages;
let lone: LonePackages;
beforeAll(async () => {
  packed = await packPackages();
  lone = await installAlone(packed.all);
  await linkFromWorkspace(lone.directory, "@types/node", "tests");
  await Promise.all(lone.all.map(copyUse));
}, 300_000);
afterAll(async () => {
  await lone.remove();
  await packed.remove();
});

function find(folder: string): LonePackage {
  const found = lone.all.find((each) => each.folder === folder);
  if (!found) throw new Error(`${folder} was not packed`);
  return found;
}

describe("installing", () => {
  it("@bitbucket-auth/core brings zod, ofetch and what ofetch brings", async () => {
    const modules = await readdir(join(find("core").project, "node_modules"));
    const names = modules.filter((name) => !name.startsWith("."));
    expect(names.toSorted()).toEqual(["@bitbucket-auth", ...coreDependencies]);
  });

  it("any other package brings what its manifest names, and nothing below that", async () => {
    const brought: Record<string, readonly string[]> = {};
    for (const { folder, manifest, project } of lone.all) {
      const names = await closure(project, Object.keys(manifest.dependencies ?? {}));
      if (names.length > 0) brought[folder] = names;
    }
    expect(brought).toEqual({ core: coreDependencies, express: ["cookie", "jose"] });
  });

  /** The names given, what they depend on, and so on. */
  async function closure(project: string, names: readonly string[]): Promise<string[]> {
    const found = new Set(names);
    for (const name of found) {
      const text = await readFile(join(project, "node_modules", name, "package.json"), "utf8");
      const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
      for (const dependency of Object.keys(dependencies)) found.add(dependency);
    }
    return [...found].toSorted();
  }
});

describe.each(nodes)("on Node $version", ({ executable }) => {
  /** What each entry exports, or why it cannot be loaded. */
  async function load(
    { entries, project }: LonePackage,
    by: "import" | "require",
  ): Promise<Readonly<Record<string, string>>> {
    const code = `
      const loaded = {};
      for (const entry of ${JSON.stringify(entries)}) {
        try {
          const names = Object.keys(${by === "import" ? "await import(entry)" : "require(entry)"});
          loaded[entry] = names.filter((name) => name !== "default" && name !== "__esModule").sort().join();
        } catch (error) {
          loaded[entry] = "ERROR " + error.message.split("\\n")[0].replace(/ imported from .*/, "");
        }
      }
      console.log(JSON.stringify(loaded));`;
    const type = by === "import" ? "module" : "commonjs";
    const { stdout, stderr } = await run(executable, [`--input-type=${type}`, "--eval", code], {
      cwd: project,
      env: plainEnvironment(),
    });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Record<string, string>;
  }

  it.each(folders)("every entry of @bitbucket-auth/%s can be imported and required", async (folder) => {
    const given = find(folder);
    const imported = await load(given, "import");
    const names = expect.stringMatching(/^[A-Za-z_]\w*(,[A-Za-z_]\w*)*$/);
    const expected = given.entries.map((entry) => [entry, unloadable[entry] ?? names]);
    expect(imported).toEqual(Object.fromEntries(expected));
    expect(await load(given, "require")).toEqual(imported);
  });
});

describe("a program that uses", () => {
  it.each(folders)("@bitbucket-auth/%s runs where only that is installed", async (folder) => {
    const { project } = find(folder);
    const options = { cwd: project, env: plainEnvironment() };
    expect(await run(process.execPath, ["app.ts"], options)).toEqual({ stdout: "", stderr: "" });
  });
});

// TypeScript 5.9 takes its time on a machine that has others to serve.
describe("the types of every package", { timeout: 180_000 }, () => {
  const everyProject = Object.keys(compilers).flatMap((compiler) =>
    Object.keys(resolutions).map((resolution) => ({ compiler, resolution }) as ProjectKind),
  );
  type ProjectKind = Pick<Compilation, "compiler" | "resolution">;

  beforeAll(async () => {
    await linkFromWorkspace(find("express").project, "@types/express", "tests");
    await Promise.all(lone.all.map(writeEntries));
  });

  /** A file that imports every entry which needs nothing else, one that requires them, and one with the others. */
  async function writeEntries({ entries, project }: LonePackage): Promise<void> {
    const free = entries.filter((entry) => entriesWithPeer[entry] === undefined);
    const bound = entries.filter((entry) => entriesWithPeer[entry] !== undefined);
    const list = (these: readonly string[]): string =>
      `export const all: readonly object[] = [${these.map((_, index) => `entry${index}`).join()}];`;
    const imports = (these: readonly string[]): string =>
      these.map((entry, index) => `import * as entry${index} from "${entry}";`).join("\n") + list(these);
    const requires = free.map((entry, index) => `import entry${index} = require("${entry}");`).join("\n");
    await writeFile(join(project, "entries.ts"), imports(free));
    await writeFile(join(project, "required.cts"), requires + list(free));
    await writeFile(join(project, "entries-with-peer.ts"), imports(bound));
  }

  it.each(everyProject)(
    "compile for Node, with $compiler and $resolution, without a page's types",
    async (kind) => {
      const names = ["app.ts", "entries.ts", ...(kind.resolution === "nodenext" ? ["required.cts"] : [])];
      const here = folders.filter((folder) => !onlyForPages.includes(folder));
      const files = here.flatMap((folder) => names.map((name) => join(folder, name)));
      expect(await compile(lone.directory, { ...kind, platform: "Node", files })).toBe("");
    },
  );

  it.each(everyProject)(
    "compile for a page, with $compiler and $resolution, without Node's types",
    async (kind) => {
      const here = folders.filter((folder) => forPages.includes(folder));
      const files = here.flatMap((folder) => [join(folder, "app.ts"), join(folder, "entries.ts")]);
      expect(await compile(lone.directory, { ...kind, platform: "a page", files })).toBe("");
    },
  );

  describe("beside the packages they are for", () => {
    beforeAll(async () => {
      for (const [entry, peer] of Object.entries(entriesWithPeer)) {
        const { folder, project } = find(entry.split("/")[1] ?? "");
        await linkFromWorkspace(project, peer, join("packages", folder));
      }
    });

    it.each(everyProject)("compile with $compiler and $resolution", async (kind) => {
      const files = folders.map((folder) => join(folder, "entries-with-peer.ts"));
      const told = await compile(lone.directory, { ...kind, platform: "a page", files, skipLibCheck: true });
      expect(told).toBe("");
    });
  });
});
