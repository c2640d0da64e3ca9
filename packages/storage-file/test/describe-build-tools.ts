import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import webpack from "webpack";
import { temporaryDirectory } from "./harness.ts";
import { installInto, linkDependencies } from "./installed.ts";
import { run } from "./run-program.ts";

const require = createRequire(import.meta.url);

/** Uses the storage with its key in a file, then with its key in the keyring, and writes down what came of it. */
export const statements: string = `
const warnings = [];
const options = { directory: "records", keyDirectory: "key", onWarning: ({ code }) => warnings.push(code) };
const storage = createFileStorage(options);
const none = await storage.get("k");
const { current } = await storage.ownKeys();
const written = await storage.compareAndSwap("k", null, new Uint8Array([1]), { version: "v1" });
const lease = await storage.tryLease("k", { owner: "alice", ttlMs: 60_000 });
const renewed = await lease.renew(60_000);
await lease.release();
const found = await storage.get("k");
const keyring = await createFileStorage({ ...options, keyring: true }).ownKeys().then(
  (keys) => keys.origin,
  (error) => [error.code, error.action, error.message].join(" "),
);
const result = { none, key: typeof current, written, renewed, bytes: [...found.bytes], warnings, keyring };
writeFileSync("result.json", JSON.stringify(result));
`;
/** What `statements` need. */
export const imports: string = `
import { writeFileSync } from "node:fs";
import { createFileStorage } from "@bitbucket-auth/storage-file";
`;
/** Both, as a module. */
export const program: string = `${imports}${statements}`;

/** What the program wrote down in its working directory. */
export async function resultIn(directory: string): Promise<unknown> {
  return JSON.parse(await readFile(join(directory, "result.json"), "utf8"));
}

/** What a program wrote down that worked. */
export const works = {
  none: null,
  key: "string",
  written: { ok: true },
  renewed: true,
  bytes: [1],
  warnings: [],
};
/** What it wrote down of a keyring whose package is not there. */
export const asksForThePackage: unknown = expect.stringMatching(
  /^storage_failed fix_config .*@napi-rs\/keyring/,
);

/** A program and what it depends on, as installed: without the keyring package. */
export async function createProject(): Promise<string> {
  const project = await temporaryDirectory();
  const nodeModules = join(project, "node_modules");
  await installInto(nodeModules);
  await linkDependencies(nodeModules);
  await writeFile(join(project, "main.mjs"), program);
  return project;
}

/** What came of a bundle in an empty directory. */
export async function runBundle(bundle: string): Promise<unknown> {
  const cwd = await temporaryDirectory();
  await run(process.execPath, [bundle], { cwd });
  return resultIn(cwd);
}

/** Registers that a bundle of esbuild works, minified or not. */
export function describeEsbuild(minify: boolean): void {
  it(`of esbuild works without the keyring package: ${minify ? "minified" : "as it is"}`, async () => {
    const project = await createProject();
    const outfile = join(project, `esbuild-${minify}.mjs`);
    const { errors, warnings } = await build({
      entryPoints: [join(project, "main.mjs")],
      outfile,
      minify,
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "silent",
      absWorkingDir: project,
    });
    expect([errors, warnings]).toEqual([[], []]);
    expect(await runBundle(outfile)).toEqual({ ...works, keyring: asksForThePackage });
  });
}

/** Bundles `main.mjs`; rejects with every error and warning of webpack. */
export function bundleWithWebpack(project: string, mode: "development" | "production"): Promise<string> {
  const filename = `webpack-${mode}.mjs`;
  const compiler = webpack({
    mode,
    context: project,
    entry: "./main.mjs",
    target: "node20",
    devtool: false,
    output: { path: project, filename, module: true, chunkFormat: "module" },
    experiments: { outputModule: true },
  });
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      const complaints = stats?.toString({ all: false, errors: true, warnings: true }) ?? "";
      if (error || complaints !== "") reject(error ?? new Error(complaints));
      else resolve(join(project, filename));
    });
  });
}

/** The environments of jest, by their names in its configuration. */
export const environments = { node: "node", jsdom: require.resolve("jest-environment-jsdom") } as const;

/** Registers that the storage works in one environment of jest. */
export function describeJest(name: keyof typeof environments): void {
  describe("under jest, whose realm is not the one of Node's errors", () => {
    it(`works in its environment ${name}`, { timeout: 120_000 }, async () => {
      const project = await temporaryDirectory();
      await installInto(join(project, "node_modules"));
      await linkDependencies(join(project, "node_modules"));
      const test = `${imports}\ntest("works", async () => {${statements}});`;
      await writeFile(join(project, "storage.test.mjs"), test);
      const config = {
        rootDir: project,
        testEnvironment: environments[name],
        testMatch: ["**/*.test.mjs"],
        transform: {},
        watchman: false,
        cache: false,
      };
      await writeFile(join(project, "jest.config.json"), JSON.stringify(config));
      const jest = join(dirname(require.resolve("jest/package.json")), "bin", "jest.js");
      const node = ["--experimental-vm-modules", "--no-warnings"];
      await run(process.execPath, [...node, jest, "--config", "jest.config.json", "--runInBand"], {
        cwd: project,
        // A worker of vitest sets variables of its own, which a jest of today's releases reads.
        env: { PATH: process.env["PATH"] ?? "", HOME: project },
      });
      expect(await resultIn(project)).toEqual({ ...works, keyring: asksForThePackage });
    });
  });
}
