import { execFile } from "node:child_process";
import { builtinModules } from "node:module";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { packPackages, type PackedPackages } from "../consumers/packed-packages.ts";
import { plainEnvironment } from "../consumers/plain-environment.ts";
import { readManifest } from "./installed-alone.ts";
import { packageOf, readModule } from "./module-facts.ts";
import { eachImport, offenders, readEach } from "./offenders.ts";

const run = promisify(execFile);

const modulesAndTypes = /\.(js|d\.ts)$/;

/** The arrows between packages that do not end at core. */
const standsOn: Readonly<Record<string, readonly string[]>> = {
  express: ["web"],
  "api-v2": ["credentials"],
  cli: ["credentials", "web", "storage-file"],
};

let packed: PackedPackages;
beforeAll(async () => {
  packed = await packPackages();
}, 120_000);

describe("every built module", () => {
  it("imports what its manifest names and nothing else", async () => {
    const undeclared = await offenders(packed.all, async (given) => {
      const { dependencies = {}, peerDependencies = {} } = await readManifest(given.directory);
      const declared = Object.keys({ ...dependencies, ...peerDependencies });
      return eachImport(given, modulesAndTypes, (imported) => {
        return !imported.startsWith("node:") && !declared.includes(packageOf(imported));
      });
    });
    expect(undeclared).toEqual({});
  });

  it("imports nothing of ours but core and what its package stands on, and core nothing at all", async () => {
    const outward = await offenders(packed.all, (given) => {
      const folder = given.name.replace("@bitbucket-auth/", "");
      const below = folder === "core" ? [] : ["core", ...(standsOn[folder] ?? [])];
      return eachImport(given, modulesAndTypes, (imported) => {
        return imported.startsWith("@bitbucket-auth/") && !below.includes(imported.split("/")[1] ?? "");
      });
    });
    expect(outward).toEqual({});
  });

  it("imports nothing of Node where it runs in pages too", async () => {
    const forPages = packed.all.filter(({ name }) => /\/(core|browser)$/.test(name));
    const ofNode = await offenders(forPages, (given) =>
      eachImport(given, modulesAndTypes, (imported) =>
        builtinModules.includes(imported.replace(/^node:/, "")),
      ),
    );
    expect(ofNode).toEqual({});
    expect(forPages.length).toBeGreaterThan(0);
  });

  it("imports nothing of Node in the main entry of web, which also runs on Workers", async () => {
    const web = packed.all.filter(({ name }) => name.endsWith("/web"));
    const ofNode = await offenders(web, (given) =>
      eachImport(given, /^dist\/(?:index|shared[^/]*)\.js$/, (imported) =>
        builtinModules.includes(imported.replace(/^node:/, "")),
      ),
    );
    expect(ofNode).toEqual({});
    expect(web.flatMap(({ files }) => files)).toContain("dist/index.js");
  });

  it("shows no dependency's types in its own", async () => {
    const shown = await offenders(packed.all, async (given) => {
      const { dependencies = {} } = await readManifest(given.directory);
      return eachImport(given, /\.d\.ts$/, (imported) => {
        return packageOf(imported) in dependencies && !imported.startsWith("@bitbucket-auth/");
      });
    });
    expect(shown).toEqual({});
  });

  it("is loaded without waiting, so that it can be required; only a program may wait", async () => {
    const waiting = await offenders(packed.all, (given) =>
      readEach(given, /(?<!-main)\.js$/, (text, file) => (readModule(text).awaitsOnLoad ? [file] : [])),
    );
    expect(waiting).toEqual({});
  });
});

describe("importing", () => {
  /** Imports it where nothing else is installed: whatever it needs from outside fails. */
  async function importAlone(entry: string): Promise<string> {
    const [, name = "", subpath = ""] = /^(@[^/]+\/[^/]+)(.*)$/.exec(entry) ?? [];
    const found = packed.all.find((given) => given.name === name);
    if (!found) throw new Error(`${name} was not packed`);
    const { stderr } = await run(
      process.execPath,
      ["--input-type=module", "--eval", `await import(${JSON.stringify(name + subpath)})`],
      { cwd: found.directory, env: plainEnvironment() },
    ).catch((error: { stderr: string }) => error);
    return stderr;
  }

  it.each([
    "",
    "/server",
    "/vitest",
    "/jest",
    "/node",
    "/fixtures",
    "/legacy",
    "/scenarios",
    "/storage-contract",
  ])("@bitbucket-auth/testing%s needs nothing else to be installed", async (entry) => {
    expect(await importAlone(`@bitbucket-auth/testing${entry}`)).toBe("");
  });

  it("@bitbucket-auth/testing/msw does, which shows that the others were alone", async () => {
    expect(await importAlone("@bitbucket-auth/testing/msw")).toContain("Cannot find package 'msw'");
  });
});
