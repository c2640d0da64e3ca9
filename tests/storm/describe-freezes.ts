import { runStorm, stormPoints, type StormPoint } from "@bitbucket-auth/testing/storm";
import { describe, expect, it } from "vitest";
import type { KilledOn } from "./describe-kills.ts";
import { allCaught } from "./kills.ts";
import { storageWorker, withStormStorage } from "./storm-storage.ts";

const crowd = { processes: 3, callers: 5 };
const everybody = crowd.processes * crowd.callers;
/** Short, because somebody waits for its lapse in every round, and long for a process that merely has to wait for its turn. */
const shortLease = { leaseMs: "2000", timeoutMs: "1900", rereadMs: "20" };
const timeoutMs = 300_000;

/** Where a process has sent nothing yet and will look at its lease before it does, or has nothing left to send. */
const harmless: readonly StormPoint[] = [
  "before-lease",
  "lease-held",
  "intent-written",
  "saved",
  "before-release",
];

/** Registers the tests of processes that stand still at each step, on each storage and the kind of server it meets. */
export function describeFreezes({ leeway, strict }: KilledOn): void {
  describe.each(strict)("processes stopped past their lease and woken up: %s", (name) => {
    it(
      "send nothing that another has sent meanwhile, on a server without mercy",
      async () => {
        const rounds = harmless.length;

        const storm = await withStormStorage(name, (settings) =>
          runStorm({
            ...crowd,
            worker: storageWorker,
            settings: { ...settings, ...shortLease },
            mishaps: { kind: "freeze", points: harmless },
            expiries: rounds,
            seed: 0,
            profile: "strict",
          }),
        );

        expect(allCaught(storm)).toBe(rounds);
        expect(storm).toMatchObject({ tokenRequests: rounds, reuse: 0, failed: 0, unhandledRejections: 0 });
        expect(storm.served).toBe(rounds * everybody);
        expect(storm.counts["leaseLost"]).toBeGreaterThan(0);
      },
      timeoutMs,
    );
  });

  describe.each(leeway)("processes stopped past their lease and woken up: %s", (name) => {
    it(
      "leave the grant alive and serve everybody wherever they were stopped, with a leeway",
      async () => {
        const rounds = stormPoints.length;

        const storm = await withStormStorage(name, (settings) =>
          runStorm({
            ...crowd,
            worker: storageWorker,
            settings: { ...settings, ...shortLease },
            mishaps: { kind: "freeze" },
            expiries: rounds,
            seed: 0,
            // The harder of the two readings: of two tokens got for one, only the later lives.
            profile: { base: "strict", leewayMs: 600_000, siblings: "last-live" },
          }),
        );

        expect(allCaught(storm)).toBe(rounds);
        expect(storm).toMatchObject({ grantsLost: 0, reuse: 0, failures: {}, unhandledRejections: 0 });
        expect(storm.served).toBe(rounds * everybody);
        expect(storm.tokenRequests).toBeGreaterThan(rounds);
      },
      timeoutMs,
    );
  });
}
