import { configDefaults, defineConfig } from "vitest/config";

// What takes minutes: a million fuzzed bodies, every kill point with every seed. `npm run check` runs it.
export default defineConfig({
  test: {
    name: "long",
    include: [
      "packages/*/test/**/*.long.test.ts",
      "tests/**/*.long.test.ts",
      "benchmarks/test/**/*.long.test.ts",
    ],
    exclude: configDefaults.exclude,
    testTimeout: 20 * 60_000,
    fileParallelism: false,
  },
});
