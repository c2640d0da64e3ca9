/** Measures what many accounts and grants cost and writes its part of `RESULTS.md`. Sends nothing. It takes some minutes. */
import process from "node:process";
import { describeRun } from "../results/machine.ts";
import { toMarkdown } from "../results/markdown-table.ts";
import { writeResults } from "../results/results-page.ts";
import { step } from "../results/step.ts";
import { measureExpiringGrants } from "./expiring-grants.ts";
import { measureIdleGrants } from "./idle-grants.ts";
import { measureManyAccounts } from "./many-accounts.ts";
import { scaleTitles } from "./titles.ts";

const tables = [
  await step(scaleTitles.accounts, measureManyAccounts),
  await step(scaleTitles.expireTogether, measureExpiringGrants),
  await step(scaleTitles.keepAlive, measureIdleGrants),
];
await writeResults(
  "scale",
  `## Scale

${describeRun()}. Run it again: \`npm run bench:scale\`.

${tables.map(toMarkdown).join("\n\n")}`,
);
process.stderr.write("written: benchmarks/RESULTS.md\n");
