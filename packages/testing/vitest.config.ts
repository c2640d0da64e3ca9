import { defineConfig } from "vitest/config";

// A timeout is for what hangs, not for a machine that has other things to do.
const limits = { testTimeout: 60_000, hookTimeout: 60_000 };
const onEitherMsw = ["test/msw.test.ts", "test/scenarios.test.ts"];

// msw 3 is what `msw` resolves to; the second project runs what touches msw on msw 2 as well.
export default defineConfig({
  test: {
    name: "testing",
    projects: [
      { test: { name: "msw 3", include: ["test/**/*.test.ts"], ...limits, isolate: false } },
      {
        resolve: { alias: [{ find: /^msw(\/.*)?$/, replacement: "msw2$1" }] },
        test: { name: "msw 2", include: onEitherMsw, ...limits, isolate: false },
      },
    ],
  },
});
