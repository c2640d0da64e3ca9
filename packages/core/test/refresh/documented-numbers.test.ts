import { refreshPolicy } from "../../src/refresh/policy.ts";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const units: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, days: 24 * 3_600_000 };

/** `15 min` as milliseconds, `10, a count` as it stands, `[50, 250]` as a list. */
function readDefault(text: string): unknown {
  const list = /^`(\[.*\])`/.exec(text)?.[1];
  if (list !== undefined) return JSON.parse(list);
  const [, amount = "", unit = ""] = /^(\d+) ?([a-z]*)/.exec(text) ?? [];
  return Number(amount) * (units[unit] ?? 1);
}

describe("the numbers in the documentation", async () => {
  const page = await readFile(new URL("../../../../docs/how-tokens-flow.md", import.meta.url), "utf8");
  const rows = Array.from(page.matchAll(/^\| `([a-zA-Z]+)` +\| (.+?) +\|/gm), ([, name = "", text = ""]) => ({
    name,
    text,
  }));
  const policy = Object.entries(refreshPolicy({}, () => 0));

  it.each(rows)("$name is $text", ({ name, text }) => {
    expect(policy).toContainEqual([name, readDefault(text)]);
  });

  it("are all there", () => expect(rows.length).toBeGreaterThan(10));
});
