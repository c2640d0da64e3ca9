import { defineConfig } from "vitest/config";
export default defineConfig({
  test: {
    name: "core",
    include: [
      "test/refresh/**/*.test.ts",
      "test/signed*.test.ts",
      "test/storage/record*.test.ts",
      "test/account.test.ts",
      "test/events.test.ts",
      "test/options.test.ts",
    ],
    exclude: ["**/*.long.test.ts", "**/*.fuzz.test.ts", "test/refresh/idle-grants.test.ts"],
    isolate: false,
    testTimeout: 4000,
    hookTimeout: 3000,
  },
});
