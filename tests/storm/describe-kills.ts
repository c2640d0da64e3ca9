import { describe, expect, it } from "vitest";
import { allCaught, killAtEveryStep, killedProcesses, lostResponses } from "./kills.ts";
import { storagesOnce } from "./storm-storage.ts";

/** Registers the tests of killed processes with so many seeds for each storage and each kind of server. */
export function describeKills(seeds: number): void {
  const survivors = (killedProcesses.processes - 1) * killedProcesses.callers;
  const timeoutMs = 120_000 + seeds * 20_000;

  describe.each(storagesOnce)(`processes killed in the middle of ${seeds} refreshes: %s`, (name) => {
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

    it(
      "lose only a grant whose answer they took with them when it has none, and callers are told so",
      async () => {
        const storm = await killAtEveryStep(name, { seed: 1_000, seeds, profile: "strict" });

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
