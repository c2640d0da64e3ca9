import { describe, expect, it } from "vitest";
import {
  asksForThePackage,
  bundleWithWebpack,
  createProject,
  describeEsbuild,
  describeJest,
  runBundle,
  works,
} from "./describe-build-tools.ts";

describe("in a bundle", () => {
  describeEsbuild(true);

  it("of webpack (development) works without the keyring package", async () => {
    const bundle = await bundleWithWebpack(await createProject(), "development");
    expect(await runBundle(bundle)).toEqual({ ...works, keyring: asksForThePackage });
  });
});

describeJest("jsdom");
