import { beforeAll, describe, expect, it } from "vitest";
import { digestAtOnce } from "./digest-at-once.ts";
import { failingSeeds } from "./failing-seeds.ts";
import { worlds } from "./worlds.ts";

/** Registers the promises that each kind of world has to keep, tried with so many seeds of it. */
export function describeSimulation(seeds: number): void {
  describe(`${seeds} simulated worlds of a kind`, () => {
    beforeAll(digestAtOnce);

    it.each(Object.entries(worlds))(
      "keep every promise where %s",
      { timeout: 60_000 + seeds * 10_000 },
      async (_world, options) => {
        const { failing, redemptions, orphaned } = await failingSeeds(seeds, options);
        expect(failing).toEqual([]);
        expect(orphaned).toBeLessThan(seeds / 5);
        expect(redemptions).toBeGreaterThan(seeds * 4);
      },
    );
  });
}
