import { describe, expect, it, onTestFinished } from "vitest";
import { installConsumer } from "./consumer-project.ts";
import { consumers, describeRunner } from "./describe-runners.ts";
import { packPackages } from "./packed-packages.ts";

/** Each runner once. The long suite has jest with TypeScript and in CommonJS, the types of jest, and Playwright. */
const once: readonly string[] = ["vitest", "jest", "node-test"];

for (const consumer of consumers)
  if (once.includes(consumer.name)) describeRunner(consumer, ["right", "wrong"]);

describe("a project in TypeScript", () => {
  it("compiles with the types that are published, matchers included", async () => {
    const { all } = await packPackages();
    const project = await installConsumer("vitest", all);
    onTestFinished(() => project.remove());
    expect(await project.run("typecheck")).toMatchObject({ exitCode: 0 });
    await project.change("refresh.spec.ts", "toHaveRefreshed(1)", 'toHaveRefreshed("once")');
    expect(await project.run("typecheck")).toEqual({
      exitCode: 1,
      output: expect.stringContaining("TS2345"),
    });
  });
});
