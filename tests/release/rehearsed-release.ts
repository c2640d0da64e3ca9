import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readFile, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pnpmCommand, root } from "./run-pnpm.ts";

const run = promisify(execFile);

/** A manifest in `packages/`, as far as a release changes it. */
export interface ReleasedManifest {
  readonly name: string;
  readonly version: string;
}

/** A clone of the last commit in which a release can be tried. Nothing in it reaches the repository it came from. */
export interface RehearsedRelease {
  readonly directory: string;
  /** Runs pnpm in the clone and answers what it printed. Rejects with its output when it fails. */
  pnpm(...args: readonly string[]): Promise<string>;
  /** Commits all that changed, as merging the release pull request does. */
  commit(message: string): Promise<void>;
  addChangeset(name: string, bump: string): Promise<void>;
  manifests(): Promise<readonly ReleasedManifest[]>;
  changelog(name: string): Promise<string>;
  remove(): Promise<void>;
}

/** Clones the last commit outside the repository and points our scope at a registry. */
export async function rehearseRelease(registryUrl: string): Promise<RehearsedRelease> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "rehearsed-release-")));
  const [command = "npx", ...before] = await pnpmCommand();
  // Note: a pnpm that runs the tests tells the pnpm that we run about the repository through the environment.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm|pnpm)_(?!config_registry)/i.test(name)),
  );
  const git = (...args: readonly string[]): Promise<unknown> => run("git", args, { cwd: directory });
  await run("git", ["clone", "--quiet", root, directory]);
  await git("config", "user.name", "Rehearsal");
  await git("config", "user.email", "rehearsal@example.com");
  await writeFile(join(directory, ".npmrc"), registryConfig(registryUrl));
  await appendFile(join(directory, ".git", "info", "exclude"), ".npmrc\n");
  const folderOf = (name: string): string =>
    join(directory, "packages", name.replace("@bitbucket-auth/", ""));
  return {
    directory,
    async pnpm(...args) {
      const { stdout, stderr } = await run(command, [...before, ...args], {
        cwd: directory,
        env: { ...env, NO_COLOR: "1", TURBO_TELEMETRY_DISABLED: "1" },
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout + stderr;
    },
    async commit(message) {
      await git("add", "--all");
      await git("commit", "--quiet", "--message", message);
    },
    addChangeset: (name, bump) =>
      writeFile(join(directory, ".changeset", `${bump}.md`), `---\n"${name}": ${bump}\n---\n\nRehearsed.\n`),
    async manifests() {
      const folders = await readdir(join(directory, "packages"));
      return Promise.all(
        folders.map(
          async (folder) =>
            JSON.parse(await readFile(join(folderOf(folder), "package.json"), "utf8")) as ReleasedManifest,
        ),
      );
    },
    changelog: (name) => readFile(join(folderOf(name), "CHANGELOG.md"), "utf8"),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The lines that send our scope, and nothing else, to a registry on this machine, which takes any token. */
export function registryConfig(url: string): string {
  return `@bitbucket-auth:registry=${url}/\n//${new URL(url).host}/:_authToken=rehearsal\n`;
}
