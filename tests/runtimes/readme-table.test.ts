import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../consumers/packed-packages.ts";
import { readTable, renderTable, replaceTable } from "./readme-table.ts";
import { runtimes } from "./runtimes.ts";

const ok = { "sign in": "ok", "sign out": "ok" };
const results = [
  {
    name: "Node 99",
    version: "99.0.0",
    verdicts: { core: ok, "storage-file": ok, express: { start: "Error: no" } },
  },
  { name: "a worker", version: "1", verdicts: { core: ok, requests: ok } },
];

describe("the table of runtimes", () => {
  it("in docs/runtimes.md names the runtimes that are tried, in the versions that are tried, and all is well", async () => {
    const [, ...rows] = readTable(await readFile(join(root, "docs/runtimes.md"), "utf8"));
    const ofTheMachine = expect.stringMatching(/^[\d.]+$/);
    const named = runtimes.map(({ name, carrier }) => [name, carrier?.version ?? ofTheMachine]);
    expect(rows.map((row) => row.slice(0, 2))).toEqual(named);

    const stepsOfCore = Array.from({ length: 6 }, () => "ok");
    const seen = runtimes.map(({ flows }) => [
      ...stepsOfCore,
      flows.includes("storage-file") ? "ok" : "–",
      flows.includes("express") ? "ok" : "–",
      flows.includes("requests") ? "ok" : "–",
    ]);
    expect(rows.map((row) => row.slice(2))).toEqual(seen);
  });

  it("says of each step what was seen, and what was not tried", () => {
    const readme = replaceTable(
      "Before\n<!-- runtimes: made by `npm run runtimes` -->\nold\n<!-- /runtimes -->\nAfter",
      renderTable(results, "2026-01-02"),
    );
    expect(readTable(readme)).toEqual([
      ["Runtime", "Version", "sign in", "sign out", "`storage-file`", "`express`", "across requests"],
      ["Node 99", "99.0.0", "ok", "ok", "ok", "Error: no", "–"],
      ["a worker", "1", "ok", "ok", "–", "–", "ok"],
    ]);
    expect(readme).toMatch(/^Before\n[^]*2026-01-02[^]*\nAfter$/);
    expect(readme).not.toContain("old");
  });

  it("has a place of its own", () => {
    expect(() => replaceTable("# A README", "")).toThrow("lacks the mark");
  });
});
