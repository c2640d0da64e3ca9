import { globSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.ts";

/** The order in which the navigation shows what there is. */
export const groups = ["Guides", "Packages", "Decisions", "Project"] as const;

/** Where a page stands in the navigation. */
export type Group = (typeof groups)[number];

// Whatever lies in these folders becomes a page, in this order. What is not a guide, a decision or a package is the project.
const patterns: readonly { readonly group: Group; readonly glob: string }[] = [
  { group: "Guides", glob: "docs/*.md" },
  { group: "Guides", glob: "docs/guides/*.md" },
  { group: "Decisions", glob: "docs/decisions/*.md" },
  { group: "Project", glob: "*.md" },
  // A program: it has no module whose page its README could begin.
  { group: "Project", glob: "packages/cli/README.md" },
  { group: "Project", glob: "examples/*/README.md" },
  { group: "Project", glob: "benchmarks/*.md" },
];

// They have a place of their own: the first page.
const elsewhere = new Set(["README.md"]);

/** Every page of Markdown that is neither the first page nor the README of a package: its file, and where it belongs. */
export function everySitePage(): Map<string, Group> {
  const pages = new Map<string, Group>();
  for (const { group, glob } of patterns)
    for (const path of globSync(glob, { cwd: root }).toSorted())
      if (!elsewhere.has(path)) pages.set(join(root, path), group);
  return pages;
}
