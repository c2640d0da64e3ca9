import { defineConfig } from "vitest/config";

const packages = ["api-v2", "browser", "core", "express", "storage-file", "storage-redis", "testing"];

export default defineConfig({
  test: {
    projects: ["packages/*", "tests", "benchmarks"],
    coverage: {
      provider: "v8",
      // Relative to a root that differs from project to project.
      include: ["**/src/**/*.ts"],
      // Tested as built, from processes of their own: nothing in this process could count them.
      exclude: [
        "**/src/bitbucket-mock-cli.ts",
        "**/src/storm/{child-process,fake-main,fake-process,run-storm,start-storm,worker-main,worker-process}.ts",
      ],
      reporter: ["text-summary", "json-summary"],
      reportsDirectory: ".artifacts/coverage",
      thresholds: Object.fromEntries(packages.map((name) => [`packages/${name}/src/**`, { lines: 95 }])),
    },
  },
});
