import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completeTables, type CompleteTable } from "./complete-tables.ts";
import { everyPage, root } from "./markdown-pages.ts";
import { namesUnder, rowsUnder } from "./page-tables.ts";

const run = promisify(execFile);

/** A program that compiles when the table names what the type has; else the compiler lists what is missing or unknown. */
function claimOf({ imports, names, optional = "never" }: CompleteTable, named: readonly string[]): string {
  return `${imports}
    type Named = ${named.map((name) => JSON.stringify(name)).join(" | ") || "never"};
    export const missing: Record<Exclude<${names}, Named>, never> = {};
    export const unknown: Record<Exclude<Named, ${names} | ${optional}>, never> = {};
  `;
}

describe("tables that promise to be complete", () => {
  const counterexample: CompleteTable = {
    page: "",
    heading: "",
    imports: "",
    names: '"kept" | "forgotten"',
  };
  let findings = "";

  beforeAll(async () => {
    // Inside this package, so that imports resolve as they do for its tests.
    const home = join(root, "tests", "docs", ".snippets");
    await mkdir(home, { recursive: true });
    const directory = await mkdtemp(join(home, "tables-"));
    afterAll(() => rm(directory, { recursive: true, force: true }));
    for (const [index, table] of completeTables.entries()) {
      const named = namesUnder(await readFile(join(root, table.page), "utf8"), table.heading);
      await writeFile(join(directory, `table-${index}.ts`), claimOf(table, named));
    }
    await writeFile(join(directory, "counterexample.ts"), claimOf(counterexample, ["kept", "invented"]));
    await writeFile(
      join(directory, "tsconfig.json"),
      JSON.stringify({ extends: join(root, "tsconfig.tests.json"), include: ["*.ts"], references: [] }),
    );
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const { stdout } = await run(tsc, ["-p", directory, "--pretty", "false"], { cwd: directory }).catch(
      (error: { stdout: string }) => error,
    );
    findings = stdout;
  });

  /** What the compiler says of one file, without where. */
  const findingsIn = (file: string): string[] =>
    findings.split("\n").filter((line) => line.startsWith(`${file}.ts(`));

  it.each(completeTables.map((table, index) => ({ ...table, index })))("$page: $heading", ({ index }) =>
    expect(findingsIn(`table-${index}`)).toEqual([]),
  );

  it("would find a name that is missing and one that does not exist", () => {
    expect(findingsIn("counterexample")).toEqual([
      expect.stringContaining("'forgotten' is missing"),
      expect.stringContaining("'invented' is missing"),
    ]);
  });

  it("are there for every package", async () => {
    const pages = (await everyPage()).map(({ page }) => page);
    // That of the command line has commands and exit codes, which `packages/cli/test/help.test.ts` holds to the code.
    const readmes = pages.filter((page) => /^packages\/(?!cli\/)[^/]+\/README\.md$/.test(page));
    expect(readmes.filter((readme) => !completeTables.some(({ page }) => page === readme))).toEqual([]);
    expect(readmes.length).toBeGreaterThan(0);
  });
});

describe("namesUnder()", () => {
  const page =
    "# A\n| `no` |\n|---|\n| `no` |\n\n## B `it()`\n\n| Name | Means |\n|:--|--|\n| `a`, `b` | `no` |\n| `c \\| d` | |\n\n### C\n| `no` |\n|--|\n| `no` |\n";

  it("reads the first cells of the tables below a heading", () => {
    expect(namesUnder(page, "B `it()`")).toEqual(["a", "b", "c \\| d"]);
    expect(rowsUnder(page, "B `it()`")[0]).toEqual(["`a`, `b`", "`no`"]);
  });

  it("throws for a heading that is not there", () => {
    expect(() => namesUnder(page, "D")).toThrow('no heading "D"');
  });
});
