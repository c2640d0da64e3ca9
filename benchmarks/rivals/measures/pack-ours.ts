import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installAlone, rivalsFolder } from "../install-rivals.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What is measured of ours, under the name it is installed by. */
export const ours = "@bitbucket-auth/core";

/** Packs core as publishing would and installs the tarball alone, as a user's `npm install` does. Build it before. */
export async function installOurs(): Promise<void> {
  const text = await readFile(join(root, "package.json"), "utf8");
  const { packageManager } = JSON.parse(text) as { readonly packageManager: string };
  const destination = join(rivalsFolder, "tarballs");
  await mkdir(destination, { recursive: true });
  const pnpm = ["--yes", "--prefer-offline", "--allow-scripts=pnpm", packageManager];
  const pack = ["--filter", ours, "pack", "--json", "--pack-destination", destination];
  const { stdout } = await run("npx", [...pnpm, ...pack], { cwd: root });
  const packed = JSON.parse(stdout) as
    | { readonly filename: string }
    | readonly { readonly filename: string }[];
  const [{ filename }] = [packed].flat() as [{ readonly filename: string }];
  await installAlone({ name: ours, version: `file:${filename}` });
}
