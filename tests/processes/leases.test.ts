import { expect, it } from "vitest";
import { quickStoragesOnce, withStormStorage } from "../storm/storm-storage.ts";
import { describeHeartbeat, describeSlowBitbucket } from "./describe-leases.ts";
import { redemptions, withStorm } from "./with-storm.ts";

const others = { processes: [1, 2] };
const timeoutMs = 180_000;

it("takes over from a killed process of the same host at once: file", { timeout: timeoutMs }, async () => {
  await withStormStorage("file", (settings) =>
    // The others give up long before the lease would lapse by itself.
    withStorm({ settings: { ...settings, leaseMs: "600000", contentionMs: "60000" } }, async (storm) => {
      await storm.advance("121m");
      const trap = await storm.trap(0, "intent-written");
      await trap.kill();

      expect(await storm.ask(others)).toMatchObject({ served: 10, failed: 0 });
      expect(await redemptions(storm)).toEqual({ sent: 1, reuse: 0 });
    }),
  );
});

// Each storage once. The long suite crosses the two.
describeHeartbeat(quickStoragesOnce.filter((name) => name !== "file"));
describeSlowBitbucket(quickStoragesOnce.filter((name) => name === "file"));
