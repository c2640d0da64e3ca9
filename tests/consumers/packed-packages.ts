import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The repository's root. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

export interface PackedPackage {
  readonly name: string;
  /** Where its tarball is. */
  readonly tarball: string;
  /** Where its tarball is unpacked. */
  readonly directory: string;
  /** What is in it, by path. */
  readonly files: readonly string[];
}

/** Every package as people would get it. */
export interface PackedPackages {
  readonly all: readonly PackedPackage[];
  remove(): Promise<void>;
}

/** Packs every package in `packages/` as publishing would, and unpacks the tarballs outside the repository. */
export async function packPackages(): Promise<PackedPackages> {
  const directory = await mkdtemp(join(tmpdir(), "packed-packages-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const tarballs = await pack(directory);
    const all = await Promise.all(
      tarballs.map(async ({ name, filename, files }) => {
        const target = join(directory, name);
        await mkdir(target, { recursive: true });
        await run("tar", ["-xzf", filename, "-C", target, "--strip-components=1"]);
        return { name, tarball: filename, directory: target, files: files.map(({ path }) => path) };
      }),
    );
    return { all, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

interface Tarball {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

async function pack(destination: string): Promise<readonly Tarball[]> {
  // The pnpm that the root scripts call: `packageManager` names its version, and its cache needs no network.
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    packageManager: string;
  };
  const pnpm = ["--yes", "--prefer-offline", "--allow-scripts=pnpm", manifest.packageManager];
  const args = ["-r", "--filter", "./packages/*", "pack", "--json", "--pack-destination", destination];
  const { stdout } = await run("npx", [...pnpm, ...args], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as readonly Tarball[];
}
