import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRuntime } from "./find-runtime.ts";
import { createFlowProject, type FlowProject } from "./flow-project.ts";
import { runtimes } from "./runtimes.ts";

const found = (await Promise.all(runtimes.map(findRuntime))).filter((each) => each !== null);

const stepsOf = { core: 6, "storage-file": 4, express: 4, requests: 4 };

let project: FlowProject;
beforeAll(async () => {
  project = await createFlowProject();
}, 300_000);
afterAll(() => project.remove());

describe.each(found)("on $runtime.name $version", ({ runtime, executable }) => {
  it.each(runtime.flows)("every step of the flow of %s is as it should be", async (flow) => {
    const verdict = await runtime.run(executable, project, flow);
    const steps = Object.keys(verdict);
    expect(verdict).toEqual(Object.fromEntries(steps.map((step) => [step, "ok"])));
    expect(steps).toHaveLength(stepsOf[flow]);
  });
});
