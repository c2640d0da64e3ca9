import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { root, table, withSection } from "./recorded-section.ts";

describe("withSection()", () => {
  const page = "# Page\n\n<!-- a: begin -->\n\nold\n\n<!-- a: end -->\n\nkept\n";

  it("replaces what stands between the marks, and nothing else", () => {
    const once = withSection(page, "a", "new\n");
    expect(once).toBe("# Page\n\n<!-- a: begin -->\n\nnew\n\n<!-- a: end -->\n\nkept\n");
    expect(withSection(once, "a", "new\n")).toBe(once);
  });

  it("refuses a section that the page has no place for", () => {
    expect(() => withSection(page, "b", "new")).toThrow('no place for "b"');
  });
});

describe("table()", () => {
  it("lines its columns up", () => {
    expect(
      table(
        ["name", "n"],
        [
          ["a", "100"],
          ["longer", "7"],
        ],
      ),
    ).toBe(["| name   |   n |", "| ------ | --: |", "| a      | 100 |", "| longer |   7 |"].join("\n"));
  });
});

describe("docs/quality.md", () => {
  it("has a place for both measurements, with at least 95 % of the lines and 85 % of the mutants in them", async () => {
    const text = await readFile(`${root}docs/quality.md`, "utf8");
    const section = (name: string): string =>
      text.slice(text.indexOf(`<!-- ${name}: begin -->`), text.indexOf(`<!-- ${name}: end -->`));
    const lines = [...section("coverage").matchAll(/^\| [\w-]+ +\| +\d+ \| +([\d.]+) %/gm)].map(valueOf);
    expect(lines.length).toBeGreaterThanOrEqual(7);
    expect(Math.min(...lines)).toBeGreaterThanOrEqual(95);
    const [score = 0] = [...section("mutation").matchAll(/^\| all .* ([\d.]+) % \|$/gm)].map(valueOf);
    expect(score).toBeGreaterThanOrEqual(85);
  });
});

function valueOf(match: RegExpExecArray): number {
  return Number(match[1]);
}
