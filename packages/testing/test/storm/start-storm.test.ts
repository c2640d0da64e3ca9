import { startStorm, stormPoints, type Storm, type StormOptions } from "@bitbucket-auth/testing/storm";
import { describe, expect, it } from "vitest";
import { inADirectory, workerModule } from "./in-a-directory.ts";

/** Two processes on one database. */
function withStorm(options: Partial<StormOptions>, use: (storm: Storm) => Promise<void>): Promise<void> {
  return inADirectory(async ({ file }) => {
    const settings = { file, ...options.settings };
    const worker = workerModule("sqlite-worker");
    const storm = await startStorm({ processes: 2, callers: 2, worker, ...options, settings });
    try {
      await use(storm);
    } finally {
      await storm.stop();
    }
  });
}

describe("startStorm()", { timeout: 60_000 }, () => {
  it("catches a process at each point, one after the other, and lets it go on", async () => {
    await withStorm({}, async (storm) => {
      for (const point of stormPoints) {
        await storm.advance("121m");
        const trap = await storm.trap(0, point);
        expect({ point, caught: trap.caught }).toEqual({ point, caught: true });
        trap.release();
        expect(await trap.answers).toMatchObject({ served: 2, failed: 0 });
      }
      expect(await storm.bitbucket.requests.count("token:refresh_token")).toBe(stormPoints.length);
    });
  });

  it("has the fake take its time over token requests when told to", async () => {
    await withStorm({ latencyMs: 1 }, async (storm) => {
      await storm.advance("121m");
      expect(await storm.ask()).toMatchObject({ served: 4, failed: 0 });
      expect(await storm.bitbucket.requests.token()).toEqual([expect.objectContaining({ fault: "delay" })]);
    });
  });

  it("says that a process did not reach the point", async () => {
    await withStorm({}, async (storm) => {
      const trap = await storm.trap(0, "before-send");
      expect(trap.caught).toBe(false);
      expect(await trap.answers).toMatchObject({ served: 2 });
    });
  });

  it("puts a new process in the place of one it killed", async () => {
    await withStorm({}, async (storm) => {
      await storm.advance("121m");
      const trap = await storm.trap(0, "saved");
      await trap.kill();
      expect(await trap.answers).toMatchObject({ served: 0, interrupted: 2 });
      expect(await storm.ask()).toMatchObject({ served: 4, failed: 0 });
    });
  });

  it("freezes a process until it is released", async () => {
    await withStorm({}, async (storm) => {
      await storm.advance("121m");
      const trap = await storm.trap(0, "before-lease");
      trap.freeze();
      expect(await storm.ask({ processes: [1] })).toMatchObject({ served: 2 });
      trap.release();
      expect(await trap.answers).toMatchObject({ served: 2 });
      expect(await storm.bitbucket.requests.count("token:refresh_token")).toBe(1);
    });
  });

  it("shows two processes that send because a lease excludes no owner", async () => {
    await withStorm({ settings: { lease: "lies" } }, async (storm) => {
      await storm.advance("121m");
      const trap = await storm.trap(0, "before-send");
      await storm.ask({ processes: [1] });
      trap.release();
      await trap.answers;
      expect(await storm.bitbucket.reuseCount()).toBe(1);
    });
  });
});
