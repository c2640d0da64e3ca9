import { configDefaults, defineConfig } from "vitest/config";
export default defineConfig({
  test: {
    name: "core",
    include: [
      "test/token-endpoint/**/*.test.ts",
      "test/oauth/**/*.test.ts",
      "test/api/**/*.test.ts",
      "test/options.test.ts",
      "test/signed-in-at.test.ts",
      "test/refresh/failures.test.ts",
      "test/refresh/told.test.ts",
      "test/config/*.test.ts",
      "test/create*.test.ts",
      "test/wrong-input.test.ts",
    ],
    exclude: [...configDefaults.exclude, "**/*.long.test.ts", "**/*.fuzz.test.ts"],
    isolate: false,
    testTimeout: 6000,
    hookTimeout: 6000,
  },
});
