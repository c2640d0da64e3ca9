import { configDefaults, defineConfig } from "vitest/config";

// Under jsdom, in a realm of its own: bytes, errors and abort signals of Node are of other classes there.
export default defineConfig({
  test: {
    name: "core",
    include: ["test/**/*.test.ts"],
    exclude: [
      ...configDefaults.exclude,
      "**/*.long.test.ts",
      // These take seconds of arithmetic, which no realm changes.
      "**/*.fuzz.test.ts",
      "test/refresh/idle-grants.test.ts",
      // These read files by a `URL`, which is jsdom's and none for Node's file system.
      "test/entries.test.ts",
      "test/refresh/documented-numbers.test.ts",
      // This bundles with rolldown, which takes no object of another realm.
      "test/worker-like.test.ts",
    ],
    pool: "vmThreads",
    environment: "jsdom",
    setupFiles: ["test/realms/jsdom-setup.ts"],
    testTimeout: 60_000,
  },
});
