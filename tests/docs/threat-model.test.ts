import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./markdown-pages.ts";
import { linksOf } from "./page-links.ts";
import { rowsUnder } from "./page-tables.ts";

describe("the threat model", async () => {
  const text = await readFile(join(root, "docs/guides/threat-model.md"), "utf8");
  const sections = Array.from(text.matchAll(/^## (.+)\n\n(?:[^|#\n].*\n+)*\|.*\| Proof +\|$/gm));
  const headings = sections.map(([, heading = ""]) => heading);

  it.each(headings)("names a test for every claim about %s", (heading) => {
    const rows = rowsUnder(text, heading);
    const unproven = rows.filter(
      ([, , proof = ""]) => !linksOf(proof).some(({ target }) => target.endsWith(".ts")),
    );
    expect(unproven).toEqual([]);
    expect(rows.length).toBeGreaterThan(1);
  });

  it("makes claims about every package", async () => {
    const packages = await readdir(join(root, "packages"));
    const named = headings.flatMap((heading) => heading.split(" and "));
    expect(new Set(named)).toEqual(new Set(packages));
  });
});
