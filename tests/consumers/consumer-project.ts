import { execFile } from "node:child_process";
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { root, type PackedPackage } from "./packed-packages.ts";
import { plainEnvironment } from "./plain-environment.ts";

interface Manifest {
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly exitCode: number;
  readonly output: string;
}

/** What a user has after `npm install` in a small project. */
export interface ConsumerProject {
  readonly directory: string;
  /** Runs a script of its manifest and answers how it ended and what it printed. */
  run(script: string, env?: Readonly<Record<string, string>>): Promise<Outcome>;
  /** Changes a piece of one of its files. Throws when the piece is not there. */
  change(file: string, from: string, to: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Copies the project `tests/consumers/<name>` out of the repository and installs what its manifest names: our packages from
 * their tarballs, everything else by a link to what the workspace has. No network.
 */
export async function installConsumer(
  name: string,
  packed: readonly PackedPackage[],
): Promise<ConsumerProject> {
  // Note: runners compare paths, and a temporary directory may be a link (macOS).
  const directory = await realpath(await mkdtemp(join(tmpdir(), `consumer-${name}-`)));
  const modules = join(directory, "node_modules");
  await cp(new URL(`${name}/`, import.meta.url), directory, { recursive: true });
  const { dependencies, devDependencies } = await readManifest(directory);
  for (const [dependency, wanted] of Object.entries({ ...dependencies, ...devDependencies })) {
    const ours = packed.find((given) => given.name === dependency);
    const source = wanted.startsWith("npm:") ? wanted.slice("npm:".length) : dependency;
    if (ours) await installPacked(ours, modules, packed);
    else if (dependency === "ts-jest") await copyWithNeighbours(dependency, modules);
    else await link(join(root, "tests", "node_modules", source), join(modules, dependency));
  }
  return {
    directory,
    run: (script, env = {}) => runScript(directory, script, env),
    async change(file, from, to) {
      const text = await readFile(join(directory, file), "utf8");
      if (!text.includes(from)) throw new Error(`${file} of ${name} does not say ${from}`);
      await writeFile(join(directory, file), text.replace(from, to));
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * Copies, because through a link ts-jest would find the TypeScript of the workspace, which has no API, and not that of the
 * project. What it needs besides is linked beside it, as npm would install it.
 */
async function copyWithNeighbours(dependency: string, modules: string): Promise<void> {
  const source = await realpath(join(root, "tests", "node_modules", dependency));
  await cp(source, join(modules, dependency), { recursive: true });
  for (const neighbour of await readdir(dirname(source)))
    if (neighbour !== dependency && !neighbour.startsWith("@") && neighbour !== "typescript")
      await link(join(dirname(source), neighbour), join(modules, neighbour)).catch(() => undefined);
}

/**
 * Puts a package of ours into a `node_modules`, with what it depends on: packages of ours from their tarballs, others by a link to
 * what the workspace has. Ours are copied, because a link would find its dependencies where it was unpacked.
 */
export async function installPacked(
  given: PackedPackage,
  modules: string,
  packed: readonly PackedPackage[],
): Promise<void> {
  const target = join(modules, given.name);
  await cp(given.directory, target, { recursive: true });
  const { bin = {}, dependencies = {} } = await readManifest(target);
  const workspace = join(root, "packages", given.name.replace("@bitbucket-auth/", ""), "node_modules");
  for (const dependency of Object.keys(dependencies)) {
    const ours = packed.find((each) => each.name === dependency);
    if (ours) await installPacked(ours, modules, packed);
    else await linkOnce(join(workspace, dependency), join(modules, dependency));
  }
  for (const [command, file] of Object.entries(bin)) {
    await chmod(join(target, file), 0o755); // as npm does
    await link(join(target, file), join(modules, ".bin", command));
  }
}

async function readManifest(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as Manifest;
}

/** As `link()`, but leaves alone what is there: two packages of ours may depend on the same. */
async function linkOnce(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

async function link(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await symlink(await realpath(from), to);
}

/** By Node's own `--run`: `npm run` does the same and takes as long as many a script. */
function runScript(
  directory: string,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const fixed = {
    // The Node these tests run on, whatever the machine has.
    PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
    NO_COLOR: "1",
  };
  const options = { cwd: directory, env: { ...plainEnvironment(), ...fixed, ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, ["--run", script], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : Number(error.code ?? 1);
      resolve({ exitCode, output: stdout + stderr });
    });
  });
}
