import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeBlocksOf, everyCodeBlock, type CodeBlock } from "./code-blocks.ts";
import { everyPage, root } from "./markdown-pages.ts";

const run = promisify(execFile);

describe("the code in the documentation", async () => {
  const blocks = await everyCodeBlock();
  const fileOf = (block: CodeBlock): string => `${block.page.replaceAll(/[^\w]/g, "-")}-${block.line}.ts`;
  let directory = "";

  beforeAll(async () => {
    // Inside this package, so that imports resolve as they do for its tests.
    const home = join(root, "tests", "docs", ".snippets");
    await mkdir(home, { recursive: true });
    directory = await mkdtemp(join(home, "run-"));
    for (const block of blocks)
      await writeFile(join(directory, fileOf(block)), `${block.code}\nexport {};\n`);
    await writeFile(
      join(directory, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "tsconfig.tests.json"),
        compilerOptions: { noUnusedLocals: false },
        include: ["*.ts"],
        references: [],
      }),
    );
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("compiles", async () => {
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const { stdout } = await run(tsc, ["-p", directory, "--pretty", "false"], { cwd: directory }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
    expect(blocks.length).toBeGreaterThan(0);
  });

  it("is TypeScript, except for the code that readers are to replace", async () => {
    const pages = await everyPage();
    const untyped = pages.filter(({ text }) => /^```(?:js|javascript|mjs|cjs)\b/m.test(text));
    expect(untyped.filter(({ page }) => !page.startsWith("docs/guides/move-from-"))).toEqual([]);
  });

  it.concurrent.each(
    blocks.filter(({ runs }) => runs).map((block) => [`${block.page}:${block.line}`, block] as const),
  )("runs: %s", async (_title, block) => {
    const { stderr } = await run(process.execPath, [fileOf(block)], { cwd: directory, timeout: 60_000 });
    expect(stderr).toBe("");
  });
});

describe("codeBlocksOf()", () => {
  it("finds TypeScript with its line, and what is to be run", () => {
    const page = "# A\n\n```ts\none\n```\n\n```sh\nno\n```\n\n```ts run\ntwo\n```\n";
    expect(codeBlocksOf("a.md", page)).toEqual([
      { page: "a.md", line: 3, code: "one\n", runs: false },
      { page: "a.md", line: 11, code: "two\n", runs: true },
    ]);
  });
});
