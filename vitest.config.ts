import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Hundreds of processes compile the same modules: workers, and what tests start. Not with coverage, which compiled code blurs.
if (!process.argv.includes("--coverage"))
  process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(
    new URL("node_modules/.cache/compiled", import.meta.url),
  );

const packages = readdirSync(new URL("packages/", import.meta.url));

/** What takes longest on any machine, longest first. One that began last would run alone at the end. */
const longest = [
  "tests/storm/freezes.test.ts",
  "tests/express/two-processes.test.ts",
  "tests/consumers/runners.test.ts",
  "tests/processes/redis-outages.test.ts",
  "tests/processes/leases.test.ts",
  "tests/storm/kills.test.ts",
  "packages/storage-sql/test/outages.test.ts",
  "tests/processes/key-rotation.test.ts",
  "tests/demo/demo.test.ts",
  "tests/express/in-the-browser.test.ts",
];

/**
 * The files of `tests` first, because they wait longest, and those that wait for longest at their head. Then package by package:
 * a worker keeps its modules for the next file only where that is of the same project.
 */
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project: { name } }: TestSpecification): string => (name === "tests" ? "" : name);
    // oxlint-disable-next-line unicorn/no-array-sort -- The sequencer's own, not an array's.
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = longest.findIndex((path) => moduleId.endsWith(`/${path}`));
      return found === -1 ? longest.length : found;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b) || place(a).localeCompare(place(b)));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: WaitingFirst },
    // Note: projects do not inherit `maxWorkers`, so `npm test` passes it. Many tests wait for what they started: there is work
    // for more workers than cores.
    projects: ["packages/*", "tests", "benchmarks"],
    coverage: {
      provider: "v8",
      // Relative to a root that differs from project to project.
      include: ["**/src/**/*.ts"],
      // Tested as built, from processes of their own or with their frameworks in `tests/web`: nothing here could count them.
      exclude: [
        "**/src/bitbucket-mock-cli.ts",
        "**/src/storm.ts",
        "**/src/storm/{child-process,fake-main,start-storm,storage-main,storage-process,worker-main}.ts",
        "**/src/{fastify,hono,hono-exchange,koa,next,node,node-exchange}.ts",
      ],
      reporter: ["text-summary", "json-summary"],
      reportsDirectory: ".artifacts/coverage",
      thresholds: Object.fromEntries(packages.map((name) => [`packages/${name}/src/**`, { lines: 95 }])),
    },
  },
});
