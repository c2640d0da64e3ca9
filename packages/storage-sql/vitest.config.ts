import { configDefaults, defineConfig } from "vitest/config";

// Real servers, started by the tests: they take seconds to come up on a slow machine. A timeout is for what hangs.
export default defineConfig({
  test: {
    name: "storage-sql",
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "**/*.long.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Files share a worker's modules: a new set for each file costs more than most tests.
    isolate: false,
  },
});
