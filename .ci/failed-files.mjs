// Prints the test files that failed by a report of Vitest, a line each; nothing where the failure is not one of a few files.
//
//   node .ci/failed-files.mjs report.json
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";

/** Above this many it is the commit, not its company. */
const most = 3;

const { testResults } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const failed = new Set(testResults.filter(({ status }) => status === "failed").map(({ name }) => name));
const few = failed.size <= most ? [...failed] : [];
process.stdout.write(few.map((file) => `${relative(process.cwd(), file)}\n`).join(""));
