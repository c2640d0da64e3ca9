import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "tests",
    include: ["**/*.test.ts"],
    exclude: ["**/*.long.test.ts", "**/node_modules/**"],
    testTimeout: 60_000,
    // Hooks start what tests start: programs, servers, browsers.
    hookTimeout: 60_000,
  },
});
