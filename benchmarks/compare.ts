/**
 * What changed between another tree of this repository and this one: start-up, bundles, and the benchmarks whose figure is a ratio.
 * The other tree is installed and built. Both are measured in one run that takes turns, so what the machine does it does to both.
 * Writes its part of `RESULTS.md`. It takes some ten minutes on a machine that does nothing else.
 *
 *   git worktree add ../before COMMIT, install and build there, then
 *   node benchmarks/compare.ts ../before
 */
import { execFile } from "node:child_process";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build as esbuild } from "esbuild";
import { rolldown } from "rolldown";
import webpack from "webpack";
import { describeRun } from "./results/machine.ts";
import { toMarkdown } from "./results/markdown-table.ts";
import { median } from "./results/median.ts";
import { writeResults } from "./results/results-page.ts";
import { importOnce, installedPackages } from "./results/start-up.ts";
import { step } from "./results/step.ts";
import { absent, count, type Table } from "./results/table.ts";

const here = dirname(fileURLToPath(import.meta.url));
const [other] = process.argv.slice(2);
if (other === undefined)
  throw new Error("Name the other tree, installed and built: node benchmarks/compare.ts ../before");
const trees = [resolve(other), dirname(here)] as const;
const run = promisify(execFile);

/** The same of both trees, one after the other. */
async function ofBoth<T>(measure: (tree: string) => Promise<T>): Promise<readonly [T, T]> {
  return [await measure(trees[0]), await measure(trees[1])];
}

const commits = await ofBoth(async (tree) =>
  (await run("git", ["-C", tree, "rev-parse", "--short", "HEAD"])).stdout.trim(),
);

const importTurns = 7;
const adapters = ["core", "storage-file", "storage-redis", "api-v2", "express"] as const;

/** What a program pays before it does anything. */
async function compareStartUp(): Promise<Table> {
  const unit = await medianOf(importTurns, () => importOnce("oauth4webapi", join(here, "..", "tests")));
  const rows: string[][] = [];
  for (const folder of adapters) {
    const times: (readonly [number, number])[] = [];
    for (let turn = 0; turn < importTurns; turn += 1)
      times.push(
        await ofBoth((tree) => importOnce(`@bitbucket-auth/${folder}`, join(tree, "packages", folder))),
      );
    const installed = await ofBoth((tree) => installedPackages(join(tree, "packages", folder)));
    const multiples = ([0, 1] as const).map((side) => median(times.map((pair) => pair[side])) / unit);
    rows.push([
      folder,
      ...multiples.map((multiple) => multiple.toFixed(2)),
      ...installed.map(({ size }) => count(size)),
    ]);
  }
  return {
    title: "Start-up",
    method: `Processor time of an import in a new process, as a multiple of oauth4webapi's (${unit.toFixed(1)} ms), the median of ${importTurns}; and the packages that one brings, itself included.`,
    columns: ["Package", "Import before", "after", "Packages before", "after"],
    rows,
    reading: "Without what an adapter is for: no Express, no Redis client.",
  };
}

async function medianOf(turns: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) values.push(await measure());
  return median(values);
}

const bundled: Readonly<Record<string, readonly string[]>> = {
  "`isBitbucketAuthError`": ["isBitbucketAuthError"],
  "sign-in and refresh as plain functions": [
    "createAuthorizationTransaction",
    "buildAuthorizationUrl",
    "readAuthorizationCallback",
    "exchangeAuthorizationCode",
    "refreshTokens",
  ],
  "`createBitbucketAuth`": ["createBitbucketAuth"],
};

/** What a consumer's bundler keeps of core, minified and compressed, in bytes. */
const bundlers: Readonly<Record<string, (entry: string) => Promise<number>>> = {
  async esbuild(entry) {
    const { outputFiles } = await esbuild({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      external: ["node:*"],
    });
    return compressed(outputFiles[0]?.contents ?? new Uint8Array());
  },
  async rolldown(entry) {
    const bundle = await rolldown({ input: entry, external: [/^node:/], platform: "neutral" });
    const { output } = await bundle.generate({ minify: true });
    return output.reduce((sum, file) => sum + (file.type === "chunk" ? compressed(file.code) : 0), 0);
  },
  async webpack(entry) {
    const path = dirname(entry);
    const filename = `${basename(entry, ".mjs")}.webpack.mjs`;
    await new Promise<void>((done, fail) => {
      webpack(
        {
          entry,
          mode: "production",
          target: "web",
          experiments: { outputModule: true },
          output: { path, filename, library: { type: "module" } },
          // One file: what is loaded on first use counts as well.
          optimization: { splitChunks: false },
          performance: { hints: false },
        },
        (error, stats) =>
          error || stats?.hasErrors() ? fail(error ?? new Error(stats?.toString())) : done(),
      );
    });
    const file = join(path, filename);
    const size = compressed(await readFile(file));
    await rm(file);
    return size;
  },
};

function compressed(code: string | Uint8Array): number {
  return gzipSync(code, { level: 9 }).length;
}

async function compareBundles(): Promise<Table> {
  const rows: string[][] = [];
  for (const [what, names] of Object.entries(bundled))
    for (const [bundler, measure] of Object.entries(bundlers)) {
      const sizes = await ofBoth(async (tree) => {
        const folder = join(tree, "packages", "core");
        // Before there were several entries, all names were in the main one.
        const { exports } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
          readonly exports: Readonly<Record<string, unknown>>;
        };
        const isPlain = names.includes("refreshTokens") && "./oauth" in exports;
        const entry = join(folder, "dist", ".compared.mjs");
        await writeFile(
          entry,
          `export { ${names.join(", ")} } from "./${isPlain ? "oauth" : "index"}.js";\n`,
        );
        try {
          return await measure(entry);
        } finally {
          await rm(entry);
        }
      });
      rows.push([what, bundler, ...sizes.map(count)]);
    }
  return {
    title: "A consumer's bundle of core",
    method: "Minified and gzipped, bytes, with everything that core is built from.",
    columns: ["Taken from core", "Bundler", "Before", "After"],
    rows,
    reading: "What is not used is left out.",
  };
}

/** A benchmark whose figures are ratios, and where they stand in what it prints. */
interface Ratio {
  readonly name: string;
  readonly script: string;
  readonly figure: RegExp;
  /** The tree's own script, because what it starts differs. */
  readonly own?: true;
}

const cell = String.raw`[^│]*│\s*([\d.]+)`;
const ratios: readonly Ratio[] = [
  {
    name: "`fetchFor`: time of a bare fetch",
    script: "authenticated-call.ts",
    figure: new RegExp(String.raw`fetchFor\(\)${cell.replace("(", "(?:")}${cell}`),
  },
  {
    name: "`fetchFor`: processor time of a bare fetch",
    script: "authenticated-call.ts",
    figure: new RegExp(String.raw`fetchFor\(\)${cell.replace("(", "(?:").repeat(2)}${cell}`),
  },
  {
    name: "Redis, reads one after another: of bare, processor time",
    script: "redis-cold-read.ts",
    figure: /one after another[^]*?ratio\s+[\d.]+\s+([\d.]+)/,
  },
  {
    name: "Redis, 100 reads at a time: of bare, processor time",
    script: "redis-cold-read.ts",
    figure: /at a time[^]*?ratio\s+[\d.]+\s+([\d.]+)/,
  },
  {
    name: "Guarded route in Express: of bare, by the clock",
    script: "guarded-route.ts",
    figure: new RegExp(String.raw`/guarded${cell.replace("(", "(?:")}${cell}`),
    own: true,
  },
  {
    name: "Guarded route in Express: of bare, processor time",
    script: "guarded-route.ts",
    figure: new RegExp(String.raw`/guarded${cell.replace("(", "(?:").repeat(3)}${cell}`),
    own: true,
  },
  {
    name: "A cached token: smithy's time, of ours",
    script: "cached-token.ts",
    figure: new RegExp(String.raw`smithy[^│]*${cell.replace("(", "(?:")}${cell}`),
  },
];

/** What a benchmark prints in a tree. Both run this tree's text unless it says otherwise. */
async function outputOf(script: string, tree: string, own: boolean): Promise<string> {
  const file = join(tree, "benchmarks", own ? script : `.compared-${script}`);
  if (!own) await copyFile(join(here, script), file);
  try {
    return (await run(process.execPath, [file], { cwd: tree })).stdout;
  } finally {
    if (!own) await rm(file);
  }
}

const ratioTurns = 3;

async function compareRatios(): Promise<Table> {
  const found = new Map<Ratio, (readonly [number, number])[]>(ratios.map((ratio) => [ratio, []]));
  for (const script of new Set(ratios.map((ratio) => ratio.script)))
    for (let turn = 0; turn < ratioTurns; turn += 1) {
      const own = ratios.some((ratio) => ratio.script === script && ratio.own);
      const outputs = await ofBoth((tree) => outputOf(script, tree, own));
      for (const ratio of ratios.filter((each) => each.script === script)) {
        const [before, after] = outputs.map((output) => Number(ratio.figure.exec(output)?.[1]));
        found.get(ratio)?.push([before ?? Number.NaN, after ?? Number.NaN]);
      }
    }
  const shown = (value: number): string => (Number.isNaN(value) ? absent : value.toFixed(2));
  return {
    title: "Speed",
    method: `Each figure is a ratio within one process; the median of ${ratioTurns} runs of each tree, which took turns.`,
    columns: ["What", "Before", "After"],
    rows: ratios.map((ratio) => {
      const pairs = found.get(ratio) ?? [];
      return [ratio.name, ...([0, 1] as const).map((side) => shown(median(pairs.map((pair) => pair[side]))))];
    }),
    reading: "`fetchFor`: less is better. The others: more is better.",
  };
}

const tables = [
  await step("start-up", compareStartUp),
  await step("bundles", compareBundles),
  await step("speed", compareRatios),
];
await writeResults(
  "compared",
  `## Before and after

Before: ${commits[0]}; after: ${commits[1]}. ${describeRun()}. Run it again: \`node benchmarks/compare.ts ../before\`.

${tables.map(toMarkdown).join("\n\n")}`,
);
process.stderr.write("written: benchmarks/RESULTS.md\n");
