import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** What vitest's JSON reporter writes. */
interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}

/** What came of core's own tests: titles of those that failed, and files that could not be run. */
interface Outcome {
  readonly passed: number;
  readonly failed: readonly string[];
}

async function runSuite(args: readonly string[]): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "core-realms-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "report.json");
  const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
  const report = ["--reporter=json", `--outputFile=${file}`];
  // It also ends with a failure where a test failed: the report says which.
  await run(process.execPath, [vitest, "run", ...args, ...report], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: { PATH: process.env["PATH"] ?? "", CI: "true" },
  }).catch(() => undefined);
  const { numPassedTests, testResults } = JSON.parse(await readFile(file, "utf8")) as Report;
  const failed = testResults.flatMap(({ name, status, assertionResults }) => {
    const titles = assertionResults.filter((each) => each.status === "failed").map(({ title }) => title);
    return status === "failed" && titles.length === 0 ? [name] : titles;
  });
  return { passed: numPassedTests, failed };
}

describe("core's own tests pass in a realm of their own", () => {
  it("under vitest's vmThreads, where errors of the file system are of another", async () => {
    // Rolldown takes no object of another realm, so that what it bundles cannot be made there.
    const { passed, failed } = await runSuite([
      "--pool",
      "vmThreads",
      "--exclude",
      "test/worker-like.test.ts",
    ]);
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(2_000);
  });

  it("under jsdom, where bytes are of another too, but for what jsdom lacks", async () => {
    const { passed, failed } = await runSuite(["--config", "vitest.jsdom.config.ts"]);
    expect(failed.toSorted()).toEqual([
      // `Blob.prototype.stream` is missing.
      "does not send a stream again",
      "does not send a stream twice, but readies the next call",
      // Its `FormData` and its `Blob` are none for Node's `Response`.
      "reaches a fetch that was passed as bytes, also after a 401: it may know no FormData",
    ]);
    expect(passed).toBeGreaterThan(2_000);
  });
});
