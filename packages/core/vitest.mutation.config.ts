import { configDefaults, defineConfig } from "vitest/config";

// For a run per mutant: without what takes seconds by itself, and without the tests of the built files, which are not mutated.
export default defineConfig({
  test: {
    name: "core",
    include: ["test/**/*.test.ts"],
    exclude: [
      ...configDefaults.exclude,
      "**/*.long.test.ts",
      "**/*.fuzz.test.ts",
      "test/refresh/idle-grants.test.ts",
      "test/worker-like.test.ts",
      "test/entries.test.ts",
    ],
    isolate: false,
    // A change that makes a test wait for ever is found after this long, and the run goes on in the same process.
    testTimeout: 6_000,
  },
});
