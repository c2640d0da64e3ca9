import { describe, expect, it } from "vitest";
import { allCaught, killAtEveryStep, killedProcesses, lostResponses } from "./kills.ts";
import type { StormStorageName } from "./storm-storage.ts";

/** Which storages meet which kind of server. */
export interface KilledOn {
  readonly leeway: readonly StormStorageName[];
  readonly strict: readonly StormStorageName[];
}

/**
 * Registers the tests of killed processes with so many seeds for each storage and the kind of server it meets. Of eight seeds in a
 * row each kills at another step; those of the strict server begin at `strictFrom`.
 */
export function describeKills(seeds: number, { leeway, strict }: KilledOn, strictFrom = 1_000): void {
  const survivors = (killedProcesses.processes - 1) * killedProcesses.callers;
  const timeoutMs = 120_000 + seeds * 20_000;

  describe.each(leeway)(`processes killed in the middle of ${seeds} refreshes: %s`, (name) => {
    it(
      "lose no grant and fail nobody else when Bitbucket has a leeway",
      async () => {
        const storm = await killAtEveryStep(name, { seed: 0, seeds, profile: "cloud-2026" });

        expect(allCaught(storm)).toBe(seeds);
        expect(storm).toMatchObject({ grantsLost: 0, failed: 0, reuse: 0, unhandledRejections: 0 });
        expect(storm.served).toBe(seeds * survivors);
      },
      timeoutMs,
    );
  });

  describe.each(strict)(`processes killed in the middle of ${seeds} refreshes: %s`, (name) => {
    it(
      "lose only a grant whose answer they took with them when it has none, and callers are told so",
      async () => {
        const storm = await killAtEveryStep(name, { seed: strictFrom, seeds, profile: "strict" });

        const lost = lostResponses(storm);
        expect(allCaught(storm)).toBe(seeds);
        expect(storm).toMatchObject({
          grantsLost: lost,
          lostReported: lost,
          reuse: lost,
          unhandledRejections: 0,
        });
        expect(storm.failures).toEqual({ "refresh_rejected/lost_rotation": lost * survivors });
        expect(storm.served).toBe((seeds - lost) * survivors);
      },
      timeoutMs,
    );
  });
}
