import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../consumers/packed-packages.ts";
import { readManifest } from "./installed-alone.ts";
import { lowestVersions } from "./lowest-versions.ts";

/** A user's project with a package of ours, and every peer at the lowest version that we promise. */
export interface LowestConsumer {
  /** The package's folder in `packages/`. */
  readonly folder: string;
  /** Whether each range is at the lowest of all its ends: that is what runs on the lowest Node. */
  readonly isLowest: boolean;
  /** What it is for, by name: the version to install. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * The consumers of every package: in the first each range is at its lower end, in the second at that of its second
 * alternative (`^2.10.0 || ^3.0.0`), or of its last one where it has no more, and so on.
 */
export async function lowestConsumers(): Promise<readonly LowestConsumer[]> {
  const folders = await readdir(join(root, "packages"));
  return (await Promise.all(folders.map(consumersOf))).flat();
}

async function consumersOf(folder: string): Promise<readonly LowestConsumer[]> {
  const directory = join(root, "packages", folder);
  const { peerDependencies = {} } = await readManifest(directory);
  const readme = await readFile(join(directory, "README.md"), "utf8");
  const theirs = Object.entries(peerDependencies).filter(([name]) => !name.startsWith("@bitbucket-auth/"));
  const ends = theirs.map(([name, range]) => [name, lowestVersions(range)] as const);
  const [first = {}, ...others] = inTurn(ends);
  return [{ ...first, ...lowestInReadme(readme) }, ...others].map((versions, turn) => ({
    folder,
    isLowest: turn === 0,
    versions,
  }));
}

function inTurn(ends: readonly (readonly [string, readonly string[]])[]): readonly Record<string, string>[] {
  const turns = Math.max(1, ...ends.map(([, versions]) => versions.length));
  return Array.from({ length: turns }, (_, turn) =>
    Object.fromEntries(ends.map(([name, versions]) => [name, versions[turn] ?? versions.at(-1) ?? ""])),
  );
}

/** What works beside a package without being imported by it is no peer. Its README says: `` `jest` 28 and later ``. */
export function lowestInReadme(readme: string): Readonly<Record<string, string>> {
  const told = [...readme.matchAll(/`([a-z][a-z-]*)` ([\d.]+) and later/g)];
  return Object.fromEntries(told.map(([, name = "", version = ""]) => [name, lowestVersions(version)[0]]));
}
