import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { root } from "../consumers/packed-packages.ts";
import { plainEnvironment } from "../consumers/plain-environment.ts";
import { findRuntime } from "./find-runtime.ts";
import { runtimes } from "./runtimes.ts";

const run = promisify(execFile);

/** The lowest and the newest Node that packages/cli/README.md promises. */
const nodes = runtimes.filter(({ name }) => name.startsWith("Node "));
const ends = [nodes.at(0), nodes.at(-1)].filter((each) => each !== undefined);
const found = (await Promise.all(ends.map(findRuntime))).filter((each) => each !== null);

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

describe.each(found)("the built command line on $runtime.name $version", ({ executable }) => {
  it("passes its own tests: each command with and without a terminal, kills, attacks, real git", async () => {
    const folder = await mkdtemp(join(tmpdir(), "command-line-"));
    const file = join(folder, "report.json");
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const args = ["run", "--project", "cli", "--reporter=json", `--outputFile=${file}`];
    const env = { ...plainEnvironment(), COMMAND_LINE_NODE: executable };
    // It also ends with a failure where a test failed: the report says which.
    await run(process.execPath, [vitest, ...args], { cwd: root, env }).catch(() => undefined);
    const { testResults, numPassedTests } = JSON.parse(await readFile(file, "utf8")) as Report;
    await rm(folder, { recursive: true });
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = results.filter(({ status }) => status === "failed");
    expect(failed.map(({ fullName }) => fullName)).toEqual([]);
    expect(numPassedTests).toBeGreaterThan(100);
  });
});
