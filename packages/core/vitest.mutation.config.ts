import { configDefaults, defineConfig } from "vitest/config";

// For a run per mutant: without what takes seconds by itself, and without the test of the built files, which are not mutated.
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
    ],
    isolate: false,
  },
});
