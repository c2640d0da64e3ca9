import { setupServer } from "msw/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { bitbucketHandlers, listenStrictly } from "../src/msw.ts";
import { runScenario, scenarios, stageOn } from "../src/scenarios.ts";
import { startBitbucketMock } from "../src/server.ts";

describe("the scenario table", () => {
  it("has at least 45 scenarios, each with a name of its own", () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(45);
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  });

  it("expects something in every story", () => {
    const idle = scenarios.filter(({ steps }) => !steps.some((step) => "send" in step || "grant" in step));
    expect(idle).toEqual([]);
  });
});

describe("a scenario over the fake's own fetch", () => {
  it.each(scenarios)("$name", async (scenario) => {
    const mock = createBitbucketMock(scenario.fake);
    for (const { expected, observed } of await runScenario(scenario, stageOn(mock, scenario)))
      expect(observed).toEqual(expected);
  });
});

describe("a scenario over HTTP", () => {
  it.each(scenarios)("$name", async (scenario) => {
    const mock = createBitbucketMock(scenario.fake);
    const server = await startBitbucketMock(mock);
    try {
      for (const { expected, observed } of await runScenario(
        scenario,
        stageOn(mock, scenario, (request) => fetch(request)),
      ))
        expect(observed).toEqual(expected);
    } finally {
      await server.close();
    }
  });
});

describe("a scenario over msw", () => {
  const server = setupServer();

  beforeAll(() => listenStrictly(server));
  afterAll(() => server.close());

  it.each(scenarios)("$name", async (scenario) => {
    const mock = createBitbucketMock(scenario.fake);
    server.resetHandlers(...bitbucketHandlers(mock));
    for (const { expected, observed } of await runScenario(
      scenario,
      stageOn(mock, scenario, (request) => fetch(request)),
    ))
      expect(observed).toEqual(expected);
  });
});
