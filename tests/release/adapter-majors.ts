import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

/** The package that all others peer on. */
const core = "@bitbucket-auth/core";

/** What the changesets say will happen to a package. */
export interface PendingRelease {
  readonly name: string;
  readonly bump: string;
}

/** The packages that peer on core and have no major of their own while core has one. Empty when none is left behind. */
export function adaptersLeftBehind(
  pending: readonly PendingRelease[],
  adapters: readonly string[],
): readonly string[] {
  const majors = new Set(pending.filter(({ bump }) => bump === "major").map(({ name }) => name));
  return majors.has(core) ? adapters.filter((name) => !majors.has(name)) : [];
}

/** Reads what one changeset announces. Throws when its front matter is no list of packages and bumps. */
export function readChangeset(text: string): readonly PendingRelease[] {
  const [, frontMatter] = /^---\r?\n([\s\S]*?)\r?\n?---/.exec(text) ?? [];
  const announced: unknown = parse(frontMatter ?? "");
  if (frontMatter === undefined || (announced !== null && typeof announced !== "object")) {
    throw new Error('A changeset starts with "---", lines of `"package": bump`, and "---".');
  }
  return Object.entries(announced ?? {}).map(([name, bump]) => ({ name, bump: String(bump) }));
}

/** Everything that the changesets of a repository announce. */
export async function readPendingReleases(root: string): Promise<readonly PendingRelease[]> {
  const directory = join(root, ".changeset");
  const files = (await readdir(directory)).filter((name) => name.endsWith(".md") && name !== "README.md");
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), "utf8")));
  return texts.flatMap(readChangeset);
}

/** The published packages of a repository that peer on core. */
export async function readAdapters(root: string): Promise<readonly string[]> {
  const directory = join(root, "packages");
  const manifests = await Promise.all(
    (await readdir(directory)).map(
      async (name) =>
        JSON.parse(await readFile(join(directory, name, "package.json"), "utf8")) as {
          name: string;
          private?: boolean;
          peerDependencies?: Readonly<Record<string, string>>;
        },
    ),
  );
  return manifests
    .filter((manifest) => !manifest.private && manifest.peerDependencies?.[core] !== undefined)
    .map(({ name }) => name);
}
