import { configDefaults, defineConfig } from "vitest/config";

/** Minutes each on a quiet machine, or hundreds of megabytes from the registry: every night is often enough. */
const everyNight = [
  "benchmarks/test/expire-together.long.test.ts",
  "packages/core/test/refresh/keep-alive.long.test.ts",
  "packages/storage-file/test/processes.long.test.ts",
  "packages/storage-sql/test/contract-d1.long.test.ts",
  "tests/packaging/lowest-versions.long.test.ts",
  "tests/processes/key-rotation-nightly.long.test.ts",
  "tests/runtimes/command-line.long.test.ts",
  "tests/runtimes/runtimes.long.test.ts",
  "tests/storm/kills.long.test.ts",
  "tests/storm/sql.long.test.ts",
  "tests/web/next-example.long.test.ts",
  "tests/web/next-lowest.long.test.ts",
  "tests/web/next.long.test.ts",
];

const test = {
  exclude: configDefaults.exclude,
  testTimeout: 20 * 60_000,
  hookTimeout: 10 * 60_000,
  expect: { poll: { timeout: 30_000 } },
};

// What takes minutes: a million fuzzed bodies, every kill point with every seed. `npm run check:long` runs all of it, and
// `.ci/run` what fits into the time of one commit.
export default defineConfig({
  test: {
    // Several wait for leases and installations, so they run beside those that calculate.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...test,
          name: "every-commit",
          include: ["packages/*/test/**/*.long.test.ts", "{tests,benchmarks}/**/*.long.test.ts"],
          exclude: [...test.exclude, ...everyNight],
        },
      },
      { test: { ...test, name: "every-night", include: everyNight } },
    ],
  },
});
