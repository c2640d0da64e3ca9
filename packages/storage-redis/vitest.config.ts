import { configDefaults, defineConfig } from "vitest/config";

// Real servers, started by the tests: a cluster takes seconds to agree on a slow machine. A timeout is for what hangs.
export default defineConfig({
  test: {
    name: "storage-redis",
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "**/*.long.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    isolate: false,
  },
});
