import { execFile } from "node:child_process";
import { cp, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "vite";
import { packPackages, root } from "../consumers/packed-packages.ts";
import { linkFromWorkspace, versionInWorkspace } from "../packaging/installed-alone.ts";
import { npmInstall } from "../packaging/npm-install.ts";

const run = promisify(execFile);

/** What is shown to run: core itself, the file storage, an Express app with a sign-in, and requests that share a `BitbucketAuth`. */
export type FlowName = "core" | "storage-file" | "express" | "requests";

/** The programs of `programs/`, built, in a project that has our packages from their tarballs. */
export interface FlowProject {
  readonly directory: string;
  /** A module that runs a flow and prints its verdict as JSON. */
  programOf(flow: FlowName): string;
  /** One file with everything in it: a worker that answers with the verdict of the flow of core. */
  readonly worker: string;
  /** As such files: the worker that several requests share, and the one that is its network. */
  readonly requests: { readonly main: string; readonly tokenEndpoint: string };
  remove(): Promise<void>;
}

const ours = ["core", "testing", "storage-file", "web", "express"].map(
  (folder) => `@bitbucket-auth/${folder}`,
);

/** Packs, installs, compiles and bundles. */
export async function createFlowProject(): Promise<FlowProject> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "flow-project-")));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await installOurs(directory);
    await compilePrograms(directory);
    const worker = await bundleWorker(directory, "core-worker.js");
    const requests = {
      main: await bundleWorker(directory, "module-scope-worker.js"),
      tokenEndpoint: await bundleWorker(directory, "token-endpoint-worker.js"),
    };
    const programOf = (flow: FlowName): string => join(directory, "built", `${flow}-main.js`);
    return { directory, programOf, worker, requests, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function installOurs(directory: string): Promise<void> {
  const packed = await packPackages();
  const tarballs = packed.all.filter(({ name }) => ours.includes(name));
  await npmInstall(directory, {
    ...Object.fromEntries(tarballs.map(({ name, tarball }) => [name, `file:${tarball}`])),
    express: await versionInWorkspace("express", "express"),
  });
}

async function compilePrograms(directory: string): Promise<void> {
  for (const types of ["@types/node", "@types/express"]) await linkFromWorkspace(directory, types, "tests");
  await cp(fileURLToPath(new URL("programs/", import.meta.url)), join(directory, "src"), { recursive: true });
  const compilerOptions = {
    target: "es2023",
    lib: ["es2023"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    rewriteRelativeImportExtensions: true,
    rootDir: "src",
    outDir: "built",
  };
  await writeFile(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  await run(process.execPath, [join(root, "tests/node_modules/typescript/bin/tsc"), "-p", directory]);
}

/** For where no modules can be found by name. */
async function bundleWorker(directory: string, fileName: string): Promise<string> {
  await build({
    configFile: false,
    root: directory,
    logLevel: "error",
    build: {
      lib: { entry: join("built", fileName), formats: ["es"], fileName: () => fileName },
      outDir: "bundled",
      emptyOutDir: false,
      target: "es2023",
      minify: false,
      // Note: or what pages cannot import would be replaced by something empty, and no test would fail.
      rolldownOptions: { external: /^(node|cloudflare):/ },
    },
  });
  return join(directory, "bundled", fileName);
}
