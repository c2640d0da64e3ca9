import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The repository's root. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** The command that starts the pnpm which `packageManager` names, as the root scripts do. Its cache needs no network. */
export async function pnpmCommand(): Promise<readonly string[]> {
  const manifest = JSON.parse(await readFile(`${root}package.json`, "utf8")) as { packageManager: string };
  return ["npx", "--yes", "--prefer-offline", "--allow-scripts=pnpm", manifest.packageManager];
}

/** Runs pnpm in the repository and answers what it wrote to standard output. Rejects with its output when it fails. */
export async function runPnpm(...args: readonly string[]): Promise<string> {
  const [command = "npx", ...before] = await pnpmCommand();
  const { stdout } = await run(command, [...before, ...args], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
