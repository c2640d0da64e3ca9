import { copyFile, cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import {
  bundlesWithEsbuild,
  bundlesWithWebpack,
  bundleWithWebpack,
  createProject,
  programs,
  runBundle,
} from "./describe-bundles.ts";

// Each entry with esbuild, and a client with webpack. The long suite has every program in every format.
describe.each(Object.entries(programs))("a bundle of %s", { timeout: 120_000 }, (_name, program) => {
  bundlesWithEsbuild(program, "esm");
});

describe("a bundle of the main entry with bitbucket-api-v2", { timeout: 120_000 }, () => {
  bundlesWithEsbuild(programs["the main entry with bitbucket-api-v2"], "cjs");
  bundlesWithWebpack(programs["the main entry with bitbucket-api-v2"]);
});

describe("a bundle for a page or a worker", { timeout: 120_000 }, () => {
  const program = programs["the main entry without any client"];

  it("of esbuild is built and runs", async () => {
    const { project, entry } = await createProject(program);
    const outfile = join(project, "bundle.mjs");
    const { errors, warnings } = await build({
      entryPoints: [entry],
      outfile,
      format: "esm",
      bundle: true,
      platform: "browser",
      logLevel: "silent",
      absWorkingDir: project,
    });
    expect([errors, warnings]).toEqual([[], []]);
    expect(await runBundle(outfile)).toBe(program.prints);
  });

  it("of webpack (webworker) is built and runs", async () => {
    const { project } = await createProject(program);
    expect(await bundleWithWebpack(project, "webworker")).toBe("");
    expect(await runBundle(join(project, "bundle.mjs"))).toBe(program.prints);
  });

  it("says that a client needs Node where there is none", async () => {
    const { project, entry } = await createProject({
      ...program,
      statements: `
        delete globalThis.process.getBuiltinModule;
        try { createBitbucketAPI({ fetch }); } catch (error) { console.log(error.code, error.message); }`,
    });
    const outfile = join(project, "bundle.mjs");
    await build({ entryPoints: [entry], outfile, format: "esm", bundle: true, platform: "browser" });
    expect(await runBundle(outfile)).toMatch(
      /^invalid_options bitbucket-api-v2 is loaded with Node's `require`/,
    );
  });
});

it("finds a client that is installed beside a bundle of webpack which was moved", async () => {
  const { project } = await createProject(programs["the main entry without any client"]);
  const there = await createProject(programs["the main entry with bitbucket-api-v2"]);
  await copyFile(there.entry, join(project, "main.mjs"));
  expect(await bundleWithWebpack(project)).toBe("");
  await cp(join(project, "bundle.mjs"), join(there.project, "bundle.mjs"));
  await rm(project, { recursive: true });
  expect(await runBundle(join(there.project, "bundle.mjs"))).toBe("{1}");
});
