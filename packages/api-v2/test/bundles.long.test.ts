import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  bundlesWithEsbuild,
  bundlesWithWebpack,
  bundleWithWebpack,
  createProject,
  programs,
  runBundle,
} from "./describe-bundles.ts";

describe.each(Object.entries(programs).filter(([name]) => name !== "the main entry with bitbucket-api-v2"))(
  "a bundle of %s",
  { timeout: 120_000 },
  (_name, program) => {
    bundlesWithEsbuild(program, "cjs");
    bundlesWithWebpack(program);
  },
);

describe("a bundle for a page or a worker", { timeout: 120_000 }, () => {
  const program = programs["the main entry without any client"];

  it("of webpack (web) is built and runs", async () => {
    const { project } = await createProject(program);
    expect(await bundleWithWebpack(project, "web")).toBe("");
    expect(await runBundle(join(project, "bundle.mjs"))).toBe(program.prints);
  });
});
