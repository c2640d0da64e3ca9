import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { scenarios } from "../src/scenarios.ts";

const run = promisify(execFile);
const home = fileURLToPath(new URL("../", import.meta.url));

async function readme(): Promise<string> {
  return readFile(join(home, "README.md"), "utf8");
}

describe("the README", () => {
  // The JavaScript is checked here too: what it imports is installed in this package only.
  it("has code that compiles", async () => {
    const text = await readme();
    const blocks = Array.from(text.matchAll(/^```[jt]s(?: run)?\n(.*?)^```$/gms), ([, code = ""]) => code);
    expect(blocks).toHaveLength(4);
    const directory = await mkdtemp(join(home, "test", ".readme-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    for (const [index, code] of blocks.entries())
      await writeFile(join(directory, `block-${index}.ts`), `${code}\nexport {};\n`);
    const options = { extends: "../../../../tsconfig.tests.json", include: ["*.ts"], references: [] };
    await writeFile(join(directory, "tsconfig.json"), JSON.stringify(options));
    const tsc = join(home, "../../node_modules/.bin/tsc");
    const { stdout } = await run(tsc, ["-p", directory, "--pretty", "false"]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });

  it("names every entry and counts the scenarios right", async () => {
    const text = await readme();
    const manifest = JSON.parse(await readFile(join(home, "package.json"), "utf8")) as { exports: object };
    for (const entry of Object.keys(manifest.exports).filter((name) => name !== "./package.json"))
      expect(text).toContain(`\`${entry}\``);
    expect(text).toContain(`${scenarios.length} named stories`);
  });

  it("stays short", async () => {
    expect((await readme()).split("\n").length).toBeLessThanOrEqual(120);
  });
});
