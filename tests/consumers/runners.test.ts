import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findChromium } from "./chromium.ts";
import { installConsumer, type ConsumerProject } from "./consumer-project.ts";
import { packPackages, type PackedPackages } from "./packed-packages.ts";

let packed: PackedPackages;
beforeAll(async () => {
  packed = await packPackages();
}, 60_000);
afterAll(() => packed.remove());

/** What each runner prints when all is well, and what one wrong expectation makes it print. */
const consumers = [
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
    name: "node-test",
    file: "refresh.test.js",
    passed: /\bpass 1\b/,
    right: "assertRefreshed(mock, 1)",
    wrong: "assertRefreshed(mock, 2)",
  },
] as const;

describe.each(consumers)("a project that uses $name", ({ name, file, passed, right, wrong }) => {
  let project: ConsumerProject;
  beforeAll(async () => {
    project = await installConsumer(name, packed.all);
  }, 60_000);
  afterAll(() => project.remove());

  it("has its tests pass with the packages as they are published", async () => {
    const outcome = await project.run("test");
    expect(outcome).toEqual({ exitCode: 0, output: expect.stringMatching(passed) });
  });

  it("has a test fail with the fake's words when what it expects is wrong", async () => {
    await project.change(file, right, wrong);
    const outcome = await project.run("test");
    const words = "expected 2 refresh requests, the fake got 1";
    expect(outcome).toEqual({ exitCode: 1, output: expect.stringContaining(words) });
  });
});

describe("a project in TypeScript", () => {
  it("compiles with the types that are published, matchers included", async () => {
    const project = await installConsumer("vitest", packed.all);
    onTestFinished(() => project.remove());
    expect(await project.run("typecheck")).toMatchObject({ exitCode: 0 });
    await project.change("refresh.spec.ts", "toHaveRefreshed(1)", 'toHaveRefreshed("once")');
    expect(await project.run("typecheck")).toEqual({
      exitCode: 1,
      output: expect.stringContaining("TS2345"),
    });
  });
});

const chromium = await findChromium();

describe.runIf(chromium)("a project that uses Playwright", () => {
  const env = { LAUNCH_OPTIONS: JSON.stringify(chromium?.launchOptions) };
  let project: ConsumerProject;
  beforeAll(async () => {
    project = await installConsumer("playwright", packed.all);
  }, 60_000);
  afterAll(() => project.remove());

  it("signs in through the browser, against the fake in a process of its own", async () => {
    const outcome = await project.run("test", env);
    expect(outcome).toEqual({ exitCode: 0, output: expect.stringMatching(/\bpass 3\b/) });
  });

  it("has a test fail when what it expects of the fake is wrong", async () => {
    await project.change("sign-in.test.js", "length, 1)", "length, 2)");
    const outcome = await project.run("test", env);
    expect(outcome).toEqual({ exitCode: 1, output: expect.stringContaining("1 !== 2") });
  });
});
