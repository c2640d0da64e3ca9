import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "benchmarks",
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // Files share a worker's modules: a new set for each file costs more than most tests.
    isolate: false,
    exclude: ["**/*.long.test.ts", "**/node_modules/**"],
  },
});
