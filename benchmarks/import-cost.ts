/**
 * What our packages cost before they do anything: processor time to import each entry, as a multiple of `oauth4webapi` in the same
 * run, and how many packages `npm install` of one alone brings, without what it is for. Exits with 1 above a limit.
 *
 *   npm run check, or node benchmarks/import-cost.ts
 */
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { median } from "./results/median.ts";
import { importOnce, installedPackages } from "./results/start-up.ts";

interface Limits {
  /** Times the processor time of importing `oauth4webapi`. */
  readonly import: number;
  readonly packages: number;
}

/** What was measured, and a good quarter more: others use the two cores as well. */
const limits: Readonly<Record<string, Limits>> = {
  core: { import: 2.4, packages: 1 },
  credentials: { import: 3.0, packages: 1 },
  "storage-file": { import: 4.6, packages: 1 },
  "storage-redis": { import: 4.2, packages: 1 },
  "storage-sql": { import: 3.0, packages: 1 },
  "api-v2": { import: 3.6, packages: 1 },
  web: { import: 6.2, packages: 3 },
  express: { import: 6.6, packages: 4 },
};

const here = dirname(fileURLToPath(import.meta.url));
const turns = 9;
const measure = "oauth4webapi";

const packages = Object.keys(limits).map((folder) => ({
  folder,
  name: `@bitbucket-auth/${folder}`,
  directory: join(here, "..", "packages", folder),
}));
const times = new Map<string, number[]>(
  [measure, ...packages.map(({ name }) => name)].map((name) => [name, []]),
);
for (let turn = 0; turn < turns; turn++) {
  times.get(measure)?.push(await importOnce(measure, join(here, "..", "tests")));
  for (const { name, directory } of packages) times.get(name)?.push(await importOnce(name, directory));
}

const unit = median(times.get(measure) ?? []);
console.log(`${measure}: ${unit.toFixed(1)} ms`);
for (const { folder, name, directory } of packages) {
  const multiple = median(times.get(name) ?? []) / unit;
  const installed = (await installedPackages(directory)).size;
  const { import: most, packages: mostPackages } = limits[folder] ?? { import: 0, packages: 0 };
  const isTooMuch = !(multiple <= most && installed <= mostPackages);
  if (isTooMuch) process.exitCode = 1;
  console.log(
    `${name}: ${multiple.toFixed(2)} × (at most ${most}), ${installed} packages (at most ${mostPackages})${isTooMuch ? "  TOO MUCH" : ""}`,
  );
}
