import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { installPacked } from "../consumers/consumer-project.ts";
import { root, type PackedPackage } from "../consumers/packed-packages.ts";

/** The part of a published `package.json` that says what a package needs and what it offers. */
export interface PublishedManifest {
  readonly version: string;
  readonly engines?: { readonly node?: string };
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly bin?: Readonly<Record<string, string>>;
  /** The bundle that pages load from those two, where there is one. */
  readonly unpkg?: string;
  readonly jsdelivr?: string;
}

/** The manifest in a folder that holds a package. */
export async function readManifest(directory: string): Promise<PublishedManifest> {
  return JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as PublishedManifest;
}

/** A package in a project of its own, with nothing beside it but the peers it cannot do without. */
export interface LonePackage {
  readonly name: string;
  /** Its folder in `packages/`. */
  readonly folder: string;
  readonly manifest: PublishedManifest;
  /** The project it is installed in. */
  readonly project: string;
  /** What can be imported of it: `@bitbucket-auth/core`, `@bitbucket-auth/testing/msw`, … */
  readonly entries: readonly string[];
}

/** Every package in a project of its own, under one directory. */
export interface LonePackages {
  readonly directory: string;
  readonly all: readonly LonePackage[];
  remove(): Promise<void>;
}

/**
 * Puts each package where npm would: unpacked from its tarball, with links to what the workspace has of its dependencies. That
 * npm does the same with these tarballs is shown by `lowest-versions.long.test.ts` and by the rehearsed release.
 */
export async function installAlone(packed: readonly PackedPackage[]): Promise<LonePackages> {
  // Note: outside the repository, or a package would find what its tarball lacks.
  const directory = await realpath(await mkdtemp(join(tmpdir(), "installed-alone-")));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const all = await Promise.all(packed.map((given) => installOne(given, packed, directory)));
    return { directory, all, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function installOne(
  given: PackedPackage,
  packed: readonly PackedPackage[],
  directory: string,
): Promise<LonePackage> {
  const folder = given.name.replace("@bitbucket-auth/", "");
  const project = join(directory, folder);
  const manifest = await readManifest(given.directory);
  const modules = join(project, "node_modules");
  for (const name of [given.name, ...neededPeers(manifest), ...ourDependencies(manifest)]) {
    const ours = packed.find((each) => each.name === name);
    if (ours) await installPacked(ours, modules, packed);
    else await linkFromWorkspace(project, name, join("packages", folder));
  }
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== "./package.json");
  const entries = subpaths.map((subpath) => given.name + subpath.slice(1));
  return { name: given.name, folder, manifest, project, entries };
}

function neededPeers({ peerDependencies = {}, peerDependenciesMeta = {} }: PublishedManifest): string[] {
  return Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
}

/** What it stands on of ours comes from its tarball as well: no registry has it yet. */
function ourDependencies({ dependencies = {} }: PublishedManifest): string[] {
  return Object.keys(dependencies).filter((name) => name.startsWith("@bitbucket-auth/"));
}

/** The version that the lockfile has of a package, so that a release of another project does not decide about a commit of ours. */
export async function versionInWorkspace(folder: string, name: string): Promise<string> {
  const path = join(root, "packages", folder, "node_modules", name, "package.json");
  return (JSON.parse(await readFile(path, "utf8")) as { version: string }).version;
}

/** Adds to a project, by a link, a package that the workspace package `folder` has. */
export async function linkFromWorkspace(project: string, name: string, folder: string): Promise<void> {
  const target = join(project, "node_modules", name);
  await mkdir(dirname(target), { recursive: true });
  await symlink(await realpath(join(root, folder, "node_modules", name)), target);
}

/** Copies the small program that uses the package into its project, as `app.ts`. */
export async function copyUse({ folder, project }: LonePackage): Promise<void> {
  await cp(new URL(`uses/${folder}.ts`, import.meta.url), join(project, "app.ts"));
}
