import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, type PackedPackage } from "../consumers/packed-packages.ts";
import { readManifest } from "./installed-alone.ts";
import type { LowestConsumer } from "./lowest-consumers.ts";
import { lowestVersions } from "./lowest-versions.ts";
import { npmInstall } from "./npm-install.ts";

/** What the programs of `uses/lowest-*.ts` use besides the package itself. */
const always = ["core", "testing"];

/**
 * Installs a consumer in an empty folder: the package, core and the testing kit from their tarballs, what they depend on and
 * what they are for at its lowest, which is what it answers. Rejects when npm refuses, or installs something else.
 */
export async function installLowest(
  project: string,
  { folder, versions }: LowestConsumer,
  packed: readonly PackedPackage[],
): Promise<readonly string[]> {
  const { dependencies: own = {} } = await readManifest(join(root, "packages", folder));
  const standsOn = Object.keys(own).filter((name) => name.startsWith("@bitbucket-auth/"));
  const names = new Set([...[folder, ...always].map((each) => `@bitbucket-auth/${each}`), ...standsOn]);
  const ours = packed.filter(({ name }) => names.has(name));
  const manifests = await Promise.all(ours.map(({ directory }) => readManifest(directory)));
  const ranges = manifests
    .flatMap(({ dependencies = {} }) => Object.entries(dependencies))
    .filter(([name]) => !names.has(name));
  const wanted = {
    ...Object.fromEntries(ranges.map(([name, range]) => [name, lowestVersions(range)[0]])),
    ...versions,
  };
  const tarballs = Object.fromEntries(ours.map(({ name, tarball }) => [name, `file:${tarball}`]));
  await npmInstall(project, { ...tarballs, ...wanted }, await overridesOf(folder));
  await assertInstalled(project, wanted, Object.keys(tarballs));
  return Object.keys(wanted);
}

/** What the README of a package tells users of npm to write there, if anything. */
async function overridesOf(folder: string): Promise<Readonly<Record<string, object>>> {
  const readme = await readFile(join(root, "packages", folder, "README.md"), "utf8");
  const told = /`"overrides": (\{.+?\})`/.exec(readme)?.[1];
  return told === undefined ? {} : (JSON.parse(told) as Record<string, object>);
}

async function assertInstalled(
  project: string,
  wanted: Readonly<Record<string, string>>,
  ours: readonly string[],
): Promise<void> {
  for (const [name, version] of Object.entries(wanted)) {
    const installed = await readManifest(join(project, "node_modules", name));
    if (installed.version !== version) throw new Error(`${name} is ${installed.version}, not ${version}`);
  }
  for (const name of ours) {
    const own = join(project, "node_modules", name, "node_modules");
    const hasOwn = await access(own).then(
      () => true,
      () => false,
    );
    if (hasOwn) throw new Error(`${name} does not take the lowest of what it says it takes: see ${own}`);
  }
}
