import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "express",
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "**/*.long.test.ts"],
    // A timeout is for what hangs, not for a machine that has other things to do.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // Files share a worker's modules: a new set for each file costs more than most tests.
    isolate: false,
  },
});
