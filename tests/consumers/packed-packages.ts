import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
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

/** Every package as users get it. */
export interface PackedPackages {
  readonly all: readonly PackedPackage[];
}

/**
 * Packs every package in `packages/` as publishing would, and unpacks the tarballs outside the repository. The next caller gets
 * the same files, until a package changes. Read them only.
 */
export async function packPackages(): Promise<PackedPackages> {
  const place = join(tmpdir(), `packed-packages-${await fingerprint()}`);
  if (!(await exists(place))) {
    await removeOlder();
    await packInto(place);
  }
  const listed = JSON.parse(await readFile(join(place, "packed.json"), "utf8")) as readonly Tarball[];
  const all = listed.map(({ name, filename, files }) => ({
    name,
    tarball: join(place, basename(filename)),
    directory: join(place, name),
    files: files.map(({ path }) => path),
  }));
  return { all };
}

/** Changes when anything changes that gets into a tarball. */
async function fingerprint(): Promise<string> {
  const hash = createHash("sha256").update(root);
  for (const folder of await readdir(join(root, "packages"))) {
    const home = join(root, "packages", folder);
    const inside = ["dist", "src"].map(async (part) => {
      const paths = await readdir(join(home, part), { recursive: true });
      return paths.map((path) => join(home, part, path));
    });
    const atTop = (await readdir(home)).map((path) => join(home, path));
    for (const path of [...atTop, ...(await Promise.all(inside)).flat()].toSorted()) {
      const entry = await stat(path);
      if (entry.isFile()) hash.update(`${path} ${entry.size} ${entry.mtimeMs}\n`);
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Removes what no run of the tests can still be reading. */
async function removeOlder(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith("packed-packages-")) continue;
    const path = join(tmpdir(), name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}

async function packInto(place: string): Promise<void> {
  const directory = await mkdtemp(`${place}-`);
  try {
    const tarballs = await pack(directory);
    await Promise.all(
      tarballs.map(async ({ name, filename }) => {
        const target = join(directory, name);
        await mkdir(target, { recursive: true });
        await run("tar", ["-xzf", filename, "-C", target, "--strip-components=1"]);
      }),
    );
    await writeFile(join(directory, "packed.json"), JSON.stringify(tarballs));
    await rename(directory, place);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    // Another worker was first.
    if (!(await exists(place))) throw error;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
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
