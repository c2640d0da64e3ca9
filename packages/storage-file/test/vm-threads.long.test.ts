import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { temporaryDirectory } from "./harness.ts";
import { run } from "./run-program.ts";

const require = createRequire(import.meta.url);

it(
  "the tests of keys and versions pass under vitest's vmThreads, a realm of their own",
  { timeout: 120_000 },
  async () => {
    const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
    const outputFile = join(await temporaryDirectory(), "report.json");
    const reporter = ["--pool", "vmThreads", "--reporter", "json", "--outputFile", outputFile];
    const files = ["test/encryption-key.test.ts", "test/versions.test.ts"];
    await run(process.execPath, [vitest, "run", ...reporter, ...files], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { PATH: process.env["PATH"] ?? "" },
    });
    expect(JSON.parse(await readFile(outputFile, "utf8"))).toMatchObject({
      success: true,
      numPassedTests: expect.toSatisfy((count: number) => count > 40),
    });
  },
);
