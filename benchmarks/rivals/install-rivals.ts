import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where rivals are installed, each alone in a folder of its own. Not part of the workspace and not committed. */
export const rivalsFolder: string = fileURLToPath(new URL("../.rivals/", import.meta.url));

/** The folder in which a package stands alone. */
export function folderOf(name: string): string {
  return join(rivalsFolder, name.replaceAll("/", "+"));
}

/** What npm is asked for. */
export interface Installation {
  readonly name: string;
  /** A version, or a tarball's path behind `file:`. */
  readonly version: string;
}

/**
 * Installs a package alone, as `npm install` would for a new project, without running install scripts. Does nothing when
 * that very version is there already. Rejects with npm's own words.
 */
export async function installAlone({ name, version }: Installation): Promise<void> {
  const folder = folderOf(name);
  const manifest = JSON.stringify({ private: true, type: "module", dependencies: { [name]: version } });
  const done = join(folder, "installed.json");
  const installed = await readFile(done, "utf8").catch(() => undefined);
  if (installed === manifest && !version.startsWith("file:")) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), manifest);
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  // Note: npm refuses to install when the npx that started all this was told which scripts it may run.
  const { npm_config_allow_scripts: _scripts, ...env } = process.env;
  await run("npm", ["install", ...options], { cwd: folder, env });
  await writeFile(done, manifest);
}
