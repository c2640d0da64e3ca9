import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root, runPnpm } from "./run-pnpm.ts";

interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly purl: string } };
  readonly components: readonly {
    readonly purl: string;
    readonly properties?: readonly { readonly name: string; readonly value: string }[];
    readonly externalReferences?: readonly { readonly type: string; readonly hashes?: unknown }[];
  }[];
}

const withoutVersion = ({ purl }: { readonly purl: string }): string =>
  purl.replace(/^pkg:npm\//, "").replace(/@[^@]*$/, "");

describe("the software bills of materials that the root script writes", () => {
  let directory = "";
  let boms: readonly Bom[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "sbom-"));
    const manifest = JSON.parse(await readFile(`${root}package.json`, "utf8")) as {
      scripts: Readonly<Record<string, string>>;
    };
    const script = (manifest.scripts["sbom"] ?? "").replaceAll(/\bsbom(?=\/%|$)/g, directory);
    await runPnpm("exec", "--shell-mode", script);
    const files = await readdir(directory);
    boms = await Promise.all(
      files.map(async (name) => JSON.parse(await readFile(join(directory, name), "utf8")) as Bom),
    );
  }, 120_000);

  afterAll(() => rm(directory, { recursive: true, force: true }));

  function bomOf(name: string): Bom {
    const prefix = `pkg:npm/%40bitbucket-auth/${name}@`;
    const found = boms.find(({ metadata }) => metadata.component.purl.startsWith(prefix));
    if (found === undefined) throw new Error(`There is no SBOM of ${name}`);
    return found;
  }

  it("are CycloneDX, one for each published package", async () => {
    expect(boms.map(({ bomFormat }) => bomFormat)).toEqual(boms.map(() => "CycloneDX"));
    expect(boms).toHaveLength((await readdir(join(root, "packages"))).length);
  });

  it("list for core what is built into it, as part of it, and nothing else", () => {
    const { components } = bomOf("core");
    expect(components.map(withoutVersion).toSorted()).toEqual(["ofetch", "zod"]);
    const isBundled = { name: "cdx:npm:package:bundled", value: "true" };
    expect(
      components.filter(({ properties = [] }) => properties.every(({ name }) => name !== isBundled.name)),
    ).toEqual([]);
  });

  it("pin what they list by hash", () => {
    const unpinned = boms
      .flatMap(({ components }) => components)
      // What one package of ours stands on of ours is released with it: no registry has a hash of it yet.
      .filter((component) => !withoutVersion(component).startsWith("%40bitbucket-auth/"))
      .filter(({ externalReferences = [] }) =>
        externalReferences.every(({ type, hashes }) => type !== "distribution" || hashes === undefined),
      );
    expect(unpinned).toEqual([]);
  });

  it.each(["storage-file", "storage-redis", "storage-sql"])(
    "list nothing for %s, which brings nothing",
    (name) => {
      expect(bomOf(name).components).toEqual([]);
    },
  );
});
