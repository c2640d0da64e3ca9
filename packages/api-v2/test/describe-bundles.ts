import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import webpack from "webpack";

const run = promisify(execFile);
const packages = fileURLToPath(new URL("../..", import.meta.url));

/** What every program below calls with: an answer for each route it asks for. */
const stub = `
import { accessToken } from "@bitbucket-auth/credentials";
const answers = { "/2.0/user": { uuid: "{1}" }, "/2.0/repositories/acme": { values: [1, 2] } };
const fetch = async (input) => Response.json(answers[new URL(input.url ?? input).pathname]);
const credential = accessToken({ token: "t", fetch });
`;

/** A program for each entry: what it imports, what it does, the one peer it needs, and what it prints. */
export const programs = {
  "the main entry without any client": {
    imports: `import { createBitbucketAPI, createClientFetch, paginate } from "@bitbucket-auth/api-v2";`,
    statements: `
      const found = [];
      for await (const item of paginate(createClientFetch({ credential }), "/2.0/repositories/acme")) found.push(item);
      try { createBitbucketAPI({ fetch }); } catch (error) { found.push(error.message.slice(0, 33)); }
      console.log(JSON.stringify(found));`,
    peers: [],
    prints: '[1,2,"bitbucket-api-v2 is not installed"]',
  },
  "the main entry with bitbucket-api-v2": {
    imports: `import { createAuthenticatedAPI } from "@bitbucket-auth/api-v2";`,
    statements: `
      const api = await createAuthenticatedAPI({ credential });
      console.log((await api.user.get()).uuid);`,
    peers: ["bitbucket-api-v2"],
    prints: "{1}",
  },
  "/openapi with its client": {
    imports: `import { createAuthenticatedClient } from "@bitbucket-auth/api-v2/openapi";`,
    statements: `
      const client = await createAuthenticatedClient({ credential });
      console.log((await client.GET("/user")).data.uuid);`,
    peers: ["@coderabbitai/bitbucket"],
    prints: "{1}",
  },
  "/bitbucket with its client": {
    imports: `import { createAuthenticatedClient } from "@bitbucket-auth/api-v2/bitbucket";`,
    statements: `
      const client = await createAuthenticatedClient({ credential });
      console.log((await client.users.getAuthedUser({})).data.uuid);`,
    peers: ["bitbucket"],
    prints: "{1}",
  },
} as const;

export type Program = (typeof programs)[keyof typeof programs];

/** A program of one entry in a project that has our packages as published, and of the optional peers only those it uses. */
export async function createProject({
  imports,
  statements,
  peers,
}: {
  readonly imports: string;
  readonly statements: string;
  readonly peers: readonly string[];
}) {
  const project = await realpath(await mkdtemp(join(tmpdir(), "bundles-")));
  onTestFinished(() => rm(project, { recursive: true, force: true }));
  const modules = join(project, "node_modules");
  for (const name of ["core", "credentials", "api-v2"]) {
    const target = join(modules, "@bitbucket-auth", name);
    await mkdir(target, { recursive: true });
    await cp(join(packages, name, "dist"), join(target, "dist"), { recursive: true });
    const { exports, type, sideEffects } = JSON.parse(
      await readFile(join(packages, name, "package.json"), "utf8"),
    );
    const manifest = { name: `@bitbucket-auth/${name}`, version: "1.0.0", type, sideEffects, exports };
    await writeFile(join(target, "package.json"), JSON.stringify(manifest));
  }
  for (const peer of peers) {
    await mkdir(dirname(join(modules, peer)), { recursive: true });
    await symlink(await realpath(join(packages, "api-v2", "node_modules", peer)), join(modules, peer));
  }
  const entry = join(project, "main.mjs");
  await writeFile(entry, `${imports}${stub}async function main() {${statements}}\nmain();\n`);
  return { project, entry };
}

/** What a bundle prints; the workspace's own packages are out of its reach. */
export async function runBundle(bundle: string): Promise<string> {
  const { NODE_PATH: _everything, ...env } = process.env;
  const { stdout } = await run(process.execPath, [bundle], { cwd: dirname(bundle), env });
  return stdout.trim();
}

/** Registers that a bundle of esbuild of one program is built and runs. */
export function bundlesWithEsbuild(program: Program, format: "esm" | "cjs"): void {
  it(`of esbuild (${format}) is built and runs`, async () => {
    const { project, entry } = await createProject(program);
    const outfile = join(project, format === "esm" ? "bundle.mjs" : "bundle.cjs");
    const { errors } = await build({
      entryPoints: [entry],
      outfile,
      format,
      bundle: true,
      platform: "node",
      logLevel: "silent",
      absWorkingDir: project,
    });
    expect(errors).toEqual([]);
    expect(await runBundle(outfile)).toBe(program.prints);
  });
}

/** Registers the same of webpack. */
export function bundlesWithWebpack(program: Program): void {
  it("of webpack is built and runs", async () => {
    const { project } = await createProject(program);
    expect(await bundleWithWebpack(project)).toBe("");
    expect(await runBundle(join(project, "bundle.mjs"))).toBe(program.prints);
  });
}

/** Bundles `main.mjs`; answers every error and warning of webpack. */
export function bundleWithWebpack(project: string, target = "node20"): Promise<string> {
  const compiler = webpack({
    mode: "production",
    // Nothing here depends on it, and it takes most of the time.
    optimization: { minimize: false },
    performance: false,
    context: project,
    entry: "./main.mjs",
    target: [target, "es2022"],
    devtool: false,
    output: { path: project, filename: "bundle.mjs", module: true, chunkFormat: "module" },
    experiments: { outputModule: true },
  });
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) =>
      error ? reject(error) : resolve(stats?.toString({ all: false, errors: true, warnings: true }) ?? ""),
    );
  });
}
