import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { root } from "./markdown-pages.ts";
import { namesUnder } from "./page-tables.ts";

type Catalog = Readonly<Record<string, string>>;

/** The packages behind the names of a catalog; `express4: npm:express@4.22.2` is `express`. */
function packagesOf(catalog: Catalog): string[] {
  return Object.entries(catalog).map(([name, range]) => /^npm:(.+)@/.exec(range)?.[1] ?? name);
}

describe("the table of dependencies", () => {
  it("names every package that the workspace takes from elsewhere, and no other", async () => {
    const workspace: { catalog: Catalog; catalogs: Readonly<Record<string, Catalog>> } = parse(
      await readFile(join(root, "pnpm-workspace.yaml"), "utf8"),
    );
    const taken = [workspace.catalog, ...Object.values(workspace.catalogs)].flatMap(packagesOf);
    const named = namesUnder(
      await readFile(join(root, "docs/dependencies.md"), "utf8"),
      "Why each dependency",
    );
    // Types alone need no reason but the package they describe.
    expect(new Set(named.filter((name) => name !== "zod/mini"))).toEqual(
      new Set(taken.filter((name) => !name.startsWith("@types/"))),
    );
  });
});
