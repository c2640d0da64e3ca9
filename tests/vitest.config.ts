import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "tests",
    include: ["**/*.test.ts"],
    exclude: ["**/*.long.test.ts", "**/node_modules/**"],
    // Tests start programs, compilers, servers and browsers, and so do hooks; on a busy machine that takes a while.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
