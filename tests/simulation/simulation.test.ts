import { beforeAll, describe, expect, it } from "vitest";
import { describeSimulation } from "./describe-simulation.ts";
import { digestAtOnce } from "./digest-at-once.ts";
import { simulate } from "./simulate.ts";
import { worlds } from "./worlds.ts";

describe("a few processes on one storage, in an order that a seed decides", () => {
  beforeAll(digestAtOnce);

  it("tells the same story for the same seed", async () => {
    const { notes: first } = await simulate(7, worlds["everything breaks, all siblings live"]);
    const { notes: second } = await simulate(7, worlds["everything breaks, all siblings live"]);
    expect(second).toEqual(first);
    expect(first.length).toBeGreaterThan(20);
  });
});

// The long suite has 100 of each kind.
describeSimulation(6);
