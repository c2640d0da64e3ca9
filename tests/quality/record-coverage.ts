// Writes the coverage of the last `pnpm run coverage` into docs/quality.md.
import { readFile } from "node:fs/promises";
import { relative, sep } from "node:path";
import { recordSection, root, table } from "./recorded-section.ts";

interface Measured {
  readonly lines: { readonly total: number; readonly covered: number };
  readonly branches: { readonly total: number; readonly covered: number };
}

const summary = JSON.parse(
  await readFile(`${root}.artifacts/coverage/coverage-summary.json`, "utf8"),
) as Readonly<Record<string, Measured>>;
const perPackage = new Map<string, Measured[]>();
for (const [file, measured] of Object.entries(summary)) {
  const [folder, name] = relative(root, file).split(sep);
  if (folder === "packages" && name) perPackage.set(name, [...(perPackage.get(name) ?? []), measured]);
}

function share(files: readonly Measured[], what: keyof Measured): string {
  const total = files.reduce((sum, file) => sum + file[what].total, 0);
  const covered = files.reduce((sum, file) => sum + file[what].covered, 0);
  return `${((100 * covered) / Math.max(total, 1)).toFixed(1)} %`;
}

const rows = [...perPackage]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, files]) => [name, String(files.length), share(files, "lines"), share(files, "branches")]);
await recordSection(
  "coverage",
  `${table(["package", "files", "lines", "branches"], rows)}

Measured on ${new Date().toISOString().slice(0, 10)} with \`pnpm run coverage\`, Node ${process.versions.node}.`,
);
console.log(`docs/quality.md: coverage of ${rows.length} packages`);
