import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { sectionOf } from "../results/page-section.ts";
import { resultsPage, resultsPicture } from "../results/results-page.ts";
import { titles } from "../rivals/measures/titles.ts";
import { rivals } from "../rivals/rivals.ts";
import { whoWasMeasured } from "../rivals/rivals-section.ts";
import { scaleTitles } from "../scale/titles.ts";

function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^### (.+)$/gm)].map(([, heading = ""]) => heading);
}

describe("RESULTS.md", async () => {
  const page = await readFile(resultsPage, "utf8");

  it("was made with the rivals that are on the list now", () => {
    expect(sectionOf(page, "rivals")).toContain(whoWasMeasured(rivals));
  });

  it.each([
    ["rivals", titles],
    ["scale", scaleTitles],
  ])("has every table that is measured now: %s", (section, expected) => {
    expect(headingsOf(sectionOf(page, section))).toEqual(Object.values(expected));
  });

  it("shows a picture that is there", async () => {
    expect(page).toContain("](results.svg)");
    expect(await readFile(resultsPicture, "utf8")).toContain("</svg>");
  });
});
