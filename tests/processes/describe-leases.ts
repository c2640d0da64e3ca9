import { describe, expect, it } from "vitest";
import { withStormStorage, type StormStorageName } from "../storm/storm-storage.ts";
import { redemptions, withStorm } from "./with-storm.ts";

const others = { processes: [1, 2] };
const timeoutMs = 180_000;

/** Registers what a lease promises on these storages while its holder lives. */
export function describeHeartbeat(storages: readonly StormStorageName[]): void {
  describe.each(storages)("a lease: %s", (name) => {
    it("is kept by its heartbeat for as long as its holder lives", { timeout: timeoutMs }, async () => {
      const times = { leaseMs: "2000", timeoutMs: "1900", contentionMs: "8000" };
      await withStormStorage(name, (settings) =>
        withStorm({ settings: { ...settings, ...times } }, async (storm) => {
          await storm.advance("121m");
          const trap = await storm.trap(0, "before-save");

          // They wait for four times the lease.
          const waited = await storm.ask(others);
          expect(waited.failures).toEqual({ refresh_contended: 10 });
          trap.release();
          expect(await trap.answers).toMatchObject({ served: 5, failed: 0 });

          expect(await storm.ask()).toMatchObject({ served: 15, failed: 0 });
          expect(await redemptions(storm)).toEqual({ sent: 1, reuse: 0 });
        }),
      );
    });
  });
}

/** Registers what a lease promises on these storages when Bitbucket is slow. */
export function describeSlowBitbucket(storages: readonly StormStorageName[]): void {
  describe.each(storages)("a lease: %s", (name) => {
    it(
      "outlasts no request: a Bitbucket slower than the lease is given up on and asked again later",
      async () => {
        const times = { leaseMs: "4000", timeoutMs: "3900" };
        const profile = { base: "strict", leewayMs: 600_000, siblings: "last-live" } as const;
        await withStormStorage(name, (settings) =>
          withStorm({ settings: { ...settings, ...times }, profile }, async (storm) => {
            await storm.bitbucket.faults.next("token", { delay: 12_000 });
            await storm.advance("121m");

            const slow = await storm.ask();
            expect(slow.failures).toEqual({ token_request_failed: 15 });
            expect(await redemptions(storm)).toEqual({ sent: 1, reuse: 0 });

            await storm.advance("10s");
            expect(await storm.ask()).toMatchObject({ served: 15, failed: 0 });
            expect(await redemptions(storm)).toEqual({ sent: 2, reuse: 0 });
          }),
        );
      },
      timeoutMs,
    );
  });
}
