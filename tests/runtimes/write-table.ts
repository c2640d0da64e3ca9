import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../consumers/packed-packages.ts";
import { findRuntime } from "./find-runtime.ts";
import { createFlowProject } from "./flow-project.ts";
import { renderTable, replaceTable, type RuntimeResult } from "./readme-table.ts";
import { runtimes } from "./runtimes.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Runs every flow on every runtime and writes what was seen into `docs/runtimes.md`. A runtime that cannot be had, or on which something
 * failed, ends it before anything is written.
 */
process.env["CI"] = "true";
const project = await createFlowProject();
try {
  const results: RuntimeResult[] = [];
  for (const runtime of runtimes) {
    const found = await findRuntime(runtime);
    if (!found) continue;
    const verdicts: Partial<Record<string, Verdict>> = {};
    for (const flow of runtime.flows) {
      const verdict = await runtime.run(found.executable, project, flow);
      console.log(runtime.name, found.version, flow, verdict);
      if (Object.values(verdict).some((outcome) => outcome !== "ok")) throw new Error("That is not well");
      verdicts[flow] = verdict;
    }
    results.push({ name: runtime.name, version: found.version, verdicts });
  }
  const path = join(root, "docs/runtimes.md");
  const today = new Date().toISOString().slice(0, 10);
  await writeFile(path, replaceTable(await readFile(path, "utf8"), renderTable(results, today)));
} finally {
  await project.remove();
}
