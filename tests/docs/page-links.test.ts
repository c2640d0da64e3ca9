import { access } from "node:fs/promises";
import { join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { everyPage, root } from "./markdown-pages.ts";
import { anchorsOf, linksOf } from "./page-links.ts";

describe("the links of the documentation", async () => {
  const pages = await everyPage();
  const texts = new Map(pages.map(({ page, text }) => [page, text]));

  /** Why a link of a page leads nowhere, if it does. */
  async function fault(page: string, target: string): Promise<string | undefined> {
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : normalize(join(page, "..", decodeURIComponent(path)));
    if (file.startsWith("..")) return "leads out of the repository";
    const exists = await access(join(root, file)).then(
      () => true,
      () => false,
    );
    if (!exists) return "no such file";
    if (anchor === undefined) return undefined;
    return anchorsOf(texts.get(file) ?? "").has(anchor) ? undefined : "no such heading";
  }

  it("lead to files and headings that are there", async () => {
    const faults: string[] = [];
    for (const { page, text } of pages) {
      for (const { line, target } of linksOf(text)) {
        const reason = await fault(page, target);
        if (reason !== undefined) faults.push(`${page}:${line} ${target}: ${reason}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it("reach every guide from the index", () => {
    const guides = pages.map(({ page }) => page).filter((page) => page.startsWith("docs/guides/"));
    const linked = linksOf(texts.get("docs/README.md") ?? "").map(({ target }) => join("docs", target));
    expect(guides.filter((guide) => !linked.includes(guide))).toEqual([]);
    expect(guides.length).toBeGreaterThan(0);
  });
});

describe("linksOf()", () => {
  it("finds links with their line, and none in code or to the web", () => {
    const page =
      "# A\n[b](b.md#c) and ![d](d.png)\n`[no](no)`\n```md\n[no](no)\n```\n[e](https://e.example)\n\n[f]: f.md\n";
    expect(linksOf(page)).toEqual([
      { line: 2, target: "b.md#c" },
      { line: 2, target: "d.png" },
      { line: 9, target: "f.md" },
    ]);
  });
});

describe("anchorsOf()", () => {
  it("makes anchors as code hosts do", () => {
    const page =
      "# Options of `createIt()`\n## What it does, and what not\n## Again\n## Again\n```\n# no\n```\n";
    expect([...anchorsOf(page)]).toEqual([
      "options-of-createit",
      "what-it-does-and-what-not",
      "again",
      "again-1",
    ]);
  });
});
