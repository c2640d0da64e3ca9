// Writes what `pnpm run mutation` found, in one run or folder by folder, into docs/quality.md.
import { readFile } from "node:fs/promises";
import { recordSection, root, table } from "./recorded-section.ts";

interface Mutant {
  readonly status: string;
}

const report = JSON.parse(await readFile(`${root}.artifacts/mutation/all.json`, "utf8")) as {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>;
};
const perFolder = new Map<string, Mutant[]>();
for (const [file, { mutants }] of Object.entries(report.files)) {
  const inside = file.replace(/^packages\/core\/src\//, "");
  const folder = inside.includes("/") ? inside.replace(/\/.*/, "/") : "(top)";
  perFolder.set(folder, [...(perFolder.get(folder) ?? []), ...mutants]);
}

function count(mutants: readonly Mutant[], ...statuses: readonly string[]): number {
  return mutants.filter(({ status }) => statuses.includes(status)).length;
}

function row(name: string, mutants: readonly Mutant[]): readonly string[] {
  const found = count(mutants, "Killed", "Timeout");
  const survived = count(mutants, "Survived");
  const unreached = count(mutants, "NoCoverage");
  const score = (100 * found) / Math.max(found + survived + unreached, 1);
  return [name, String(found), String(survived), String(unreached), `${score.toFixed(1)} %`];
}

const folders = [...perFolder]
  .filter(([, mutants]) => mutants.length > 0)
  .toSorted(([a], [b]) => (a < b ? -1 : 1));
await recordSection(
  "mutation",
  `${table(
    ["packages/core/src", "found", "survived", "unreached", "score"],
    [
      ...folders.map(([name, mutants]) => row(name, mutants)),
      row(
        "all",
        folders.flatMap(([, mutants]) => mutants),
      ),
    ],
  )}

Measured on ${new Date().toISOString().slice(0, 10)} with \`pnpm run mutation\`, Stryker 10, Node ${process.versions.node}.`,
);
console.log("docs/quality.md: mutation score of core");
