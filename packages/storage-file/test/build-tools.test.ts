import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import {
  asksForThePackage,
  bundleWithWebpack,
  createProject,
  describeEsbuild,
  describeJest,
  imports,
  program,
  resultIn,
  runBundle,
  statements,
  works,
} from "./describe-build-tools.ts";
import { temporaryDirectory } from "./harness.ts";
import { dependencyPath, installInto } from "./installed.ts";
import { run } from "./run-program.ts";

const require = createRequire(import.meta.url);

describe("in a Yarn Plug'n'Play project", () => {
  it("works, flushing included, although handles have no `sync`", { timeout: 120_000 }, async () => {
    const project = await temporaryDirectory();
    await installInto(join(project, "packages"));
    const ofetch = await dependencyPath("ofetch");
    const portals = Object.fromEntries(
      await Promise.all(
        ["ofetch", "destr", "node-fetch-native", "ufo"].map(async (name) => [
          name,
          `portal:${await realpath(join(dirname(ofetch), name))}`,
        ]),
      ),
    );
    const dependencies = {
      "@bitbucket-auth/core": "portal:./packages/@bitbucket-auth/core",
      "@bitbucket-auth/storage-file": "portal:./packages/@bitbucket-auth/storage-file",
    };
    const resolutions = { ...portals, zod: `portal:${await dependencyPath("zod")}` };
    const files = {
      "package.json": JSON.stringify({ name: "app", type: "module", dependencies, resolutions }),
      ".yarnrc.yml":
        "nodeLinker: pnp\nenableNetwork: false\nenableTelemetry: false\nenableGlobalCache: false\nenableScripts: false\n",
      "yarn.lock": "",
      "main.mjs": `if (!process.versions.pnp) throw new Error("this is not Plug'n'Play");\n${program}`,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text);
    const yarn = require.resolve("@yarnpkg/cli-dist/bin/yarn.js");
    const env = { PATH: process.env["PATH"] ?? "", HOME: project };
    await run(process.execPath, [yarn, "install", "--no-immutable"], { cwd: project, env });
    await run(process.execPath, [yarn, "node", "main.mjs"], { cwd: project, env });
    expect(await resultIn(project)).toEqual({ ...works, keyring: asksForThePackage });
  });
});

// Each tool once. The long suite has the other modes of each.
describe("in a bundle", () => {
  /** The text of one of webpack, which two tests run. */
  let bundle: Promise<string> | undefined;
  const bundleTo = async (path: string): Promise<string> => {
    bundle ??= createProject()
      .then((project) => bundleWithWebpack(project, "production"))
      .then((built) => readFile(built, "utf8"));
    await writeFile(path, await bundle);
    return path;
  };

  describeEsbuild(false);

  it("of esbuild in CommonJS works without the keyring package", async () => {
    const project = await createProject();
    const source = join(project, "in-a-function.mjs");
    await writeFile(source, `${imports}\n(async () => {${statements}})();`);
    const outfile = join(project, "esbuild.cjs");
    const { errors, warnings } = await build({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: "node",
      format: "cjs",
      logLevel: "silent",
      absWorkingDir: project,
    });
    expect([errors, warnings]).toEqual([[], []]);
    expect(await runBundle(outfile)).toEqual({ ...works, keyring: asksForThePackage });
  });

  it("of webpack works without the keyring package", async () => {
    expect(await runBundle(await bundleTo(join(await temporaryDirectory(), "main.mjs")))).toEqual({
      ...works,
      keyring: asksForThePackage,
    });
  });

  it("finds the keyring package when it runs, where it is installed", async () => {
    const installed = join(await temporaryDirectory(), "app");
    const keyring = join(installed, "node_modules", "@napi-rs", "keyring");
    await mkdir(keyring, { recursive: true });
    await writeFile(join(keyring, "package.json"), JSON.stringify({ main: "index.js" }));
    await writeFile(
      join(keyring, "index.js"),
      `let kept = null;
       exports.AsyncEntry = class {
         async getPassword() { return kept; }
         async setPassword(password) { kept = password; }
       };`,
    );
    expect(await runBundle(await bundleTo(join(installed, "main.mjs")))).toEqual({
      ...works,
      keyring: "the keyring of this machine",
      // The key in the keyring is another than the one in the file, which sealed the records.
      warnings: ["new_key"],
    });
  });
});

describeJest("node");
