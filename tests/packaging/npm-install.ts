import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Makes a project in an empty folder and installs into it with npm, which runs no script and asks its cache before the network.
 * `overrides` are npm's own. Rejects with what npm said.
 */
export async function npmInstall(
  project: string,
  dependencies: Readonly<Record<string, string>>,
  overrides: Readonly<Record<string, object>> = {},
): Promise<void> {
  await mkdir(project, { recursive: true });
  const manifest = { private: true, type: "module", dependencies, overrides };
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
  const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier"];
  // Note: `--prefix`, because an npm that runs us tells the npm that we run where its own project is.
  await run("npm", ["install", ...flags, "--prefix", project], { cwd: project, env: environment() });
}

/** Ours, but for what the `npx` of our root scripts was told: npm refuses it for an installation (`EALLOWSCRIPTS`). */
function environment(): Record<string, string | undefined> {
  const { npm_config_allow_scripts: _, ...env } = process.env;
  return env;
}
