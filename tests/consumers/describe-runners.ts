import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Chromium } from "./chromium.ts";
import { installConsumer, type ConsumerProject } from "./consumer-project.ts";
import { packPackages, type PackedPackages } from "./packed-packages.ts";

/** What each runner prints when all is well, and what one wrong expectation makes it print. */
export const consumers = [
  {
    name: "vitest",
    file: "refresh.spec.ts",
    passed: /Tests +2 passed/,
    right: "toHaveRefreshed(1)",
    wrong: "toHaveRefreshed(2)",
  },
  {
    name: "jest",
    file: "refresh.spec.js",
    passed: /Tests: +2 passed/,
    right: "toHaveRefreshed(1)",
    wrong: "toHaveRefreshed(2)",
  },
  {
    name: "jest-typescript",
    file: "refresh.spec.ts",
    passed: /Tests: +2 passed/,
    right: "toHaveRefreshed(1)",
    wrong: "toHaveRefreshed(2)",
  },
  {
    name: "jest-commonjs",
    file: "refresh.spec.js",
    passed: /Tests: +1 passed/,
    right: "toHaveRefreshed(1)",
    wrong: "toHaveRefreshed(2)",
  },
  {
    name: "node-test",
    file: "refresh.test.js",
    passed: /\bpass 1\b/,
    right: "assertRefreshed(mock, 1)",
    wrong: "assertRefreshed(mock, 2)",
  },
] as const;

/** What is tried of a project: its tests as they are, and with one wrong expectation in them. */
export type Tried = "right" | "wrong";

/** Registers tests of a small project that uses our packages as they are published. */
export function describeRunner(
  { name, file, passed, right, wrong }: (typeof consumers)[number],
  tried: readonly Tried[],
): void {
  describe(`a project that uses ${name}`, () => {
    const project = installedOnce(name);

    const tests: Readonly<Record<Tried, () => void>> = {
      right: () =>
        it("has its tests pass with the packages as they are published", async () => {
          const outcome = await project().run("test");
          expect(outcome).toEqual({ exitCode: 0, output: expect.stringMatching(passed) });
        }),
      wrong: () =>
        it("has a test fail with the fake's words when what it expects is wrong", async () => {
          await project().change(file, right, wrong);
          const outcome = await project().run("test");
          const words = "expected 2 refresh requests, the fake got 1";
          expect(outcome).toEqual({ exitCode: 1, output: expect.stringContaining(words) });
        }),
    };
    for (const each of tried) tests[each]();
  });
}

/** Registers tests of a project that opens pages with Playwright. */
export function describePlaywright(chromium: Chromium | null, tried: readonly Tried[]): void {
  describe.runIf(chromium)("a project that uses Playwright", () => {
    const env = { LAUNCH_OPTIONS: JSON.stringify(chromium?.launchOptions) };
    const project = installedOnce("playwright");

    const tests: Readonly<Record<Tried, () => void>> = {
      right: () =>
        it("signs in through the browser, against the fake in a process of its own", async () => {
          const outcome = await project().run("test", env);
          expect(outcome).toEqual({ exitCode: 0, output: expect.stringMatching(/\bpass 3\b/) });
        }),
      wrong: () =>
        it("has a test fail when what it expects of the fake is wrong", async () => {
          await project().change("sign-in.test.js", "length, 1)", "length, 2)");
          const outcome = await project().run("test", env);
          expect(outcome).toEqual({ exitCode: 1, output: expect.stringContaining("1 !== 2") });
        }),
    };
    for (const each of tried) tests[each]();
  });
}

/** Registers, for one source of jest's types, that a project compiles with it and a wrong use of ours does not. */
export function describeJestTypes(types: "@types/jest" | "@jest/globals"): void {
  it(`a project in TypeScript compiles with the types of ${types}, matchers included`, async () => {
    const file = types === "@types/jest" ? "refresh.spec.ts" : "globals.spec.ts";
    const { all } = await packPackages();
    const project = await installConsumer("jest-typescript", all);
    onTestFinished(() => project.remove());
    expect(await project.run("typecheck")).toMatchObject({ exitCode: 0 });
    await project.change(file, "toHaveRefreshed(1)", 'toHaveRefreshed("once")');
    const outcome = await project.run("typecheck");
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.output).toContain("TS2345");
  });
}

/** Installs a project before the tests of this `describe`, and removes it after them. */
function installedOnce(name: string): () => ConsumerProject {
  let packed: PackedPackages;
  let project: ConsumerProject;
  beforeAll(async () => {
    packed = await packPackages();
    project = await installConsumer(name, packed.all);
  }, 60_000);
  afterAll(() => project.remove());
  return () => project;
}
