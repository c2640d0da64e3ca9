import { defineConfig } from "vitest/config";

// Real servers, started by the tests: a cluster takes seconds to agree on a slow machine.
export default defineConfig({
  test: { name: "storage-redis", include: ["test/**/*.test.ts"], testTimeout: 30_000, hookTimeout: 60_000 },
});
