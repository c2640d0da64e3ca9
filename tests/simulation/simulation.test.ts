import { beforeAll, describe, expect, it } from "vitest";
import { digestAtOnce } from "./digest-at-once.ts";
import { simulate } from "./simulate.ts";
import { failingSeeds } from "./failing-seeds.ts";
import { worlds } from "./worlds.ts";

describe("a few processes on one storage, in an order that a seed decides", () => {
  beforeAll(digestAtOnce);

  it("tells the same story for the same seed", async () => {
    const { notes: first } = await simulate(7, worlds["everything breaks, all siblings live"]);
    const { notes: second } = await simulate(7, worlds["everything breaks, all siblings live"]);
    expect(second).toEqual(first);
    expect(first.length).toBeGreaterThan(20);
  });

  it.each(Object.entries(worlds))(
    "keeps every promise where %s",
    { timeout: 60_000 },
    async (_world, options) => {
      const { failing, redemptions, orphaned } = await failingSeeds(60, options);
      expect(failing).toEqual([]);
      expect(orphaned).toBeLessThan(12);
      expect(redemptions).toBeGreaterThan(60 * 4);
    },
  );
});
