import { describe, expect, it } from "vitest";
import { hasRedisServer } from "../storm/redis-server.ts";
import { callers, describeFailover, onRedis, timeoutMs } from "./describe-redis-outages.ts";
import { redemptions } from "./with-storm.ts";

// Each kind of outage. The long suite has the other moments of each.
describe.runIf(hasRedisServer)("a Redis that freezes", { timeout: timeoutMs }, () => {
  it("does not keep a token that is still valid from being served", async () => {
    await onRedis(async (storm, redis) => {
      await storm.ask();
      // Past the time that memory alone answers for, and well inside the life of the token.
      await storm.advance("2m");
      redis.freeze();

      const answers = await storm.ask();

      expect(answers).toMatchObject({ served: callers, failed: 0, unhandledRejections: 0 });
      expect(answers.counts["storageFailed"]).toBeGreaterThan(0);
      redis.resume();
    });
  });

  it("loses no rotation: the one who has it serves it and saves it later", async () => {
    await onRedis(async (storm, redis) => {
      await storm.advance("121m");
      const trap = await storm.trap(0, "before-save");
      redis.freeze();
      trap.release();

      expect(await trap.answers).toMatchObject({ served: 5, failed: 0 });
      expect((await storm.ask({ processes: [1, 2] })).failures).toEqual({ storage_failed: 10 });

      redis.resume();
      expect(await storm.ask()).toMatchObject({ served: callers, failed: 0, unhandledRejections: 0 });
      await storm.advance("121m");
      expect(await storm.ask()).toMatchObject({ served: callers, failed: 0, unhandledRejections: 0 });
      expect(await redemptions(storm)).toEqual({ sent: 2, reuse: 0 });
    });
  });
});

describe.runIf(hasRedisServer)("a Redis that is killed", { timeout: timeoutMs }, () => {
  it("makes refreshes reject with a storage error until it is back, and no token is reused", async () => {
    await onRedis(async (storm, redis) => {
      await storm.ask();
      await redis.kill();
      await storm.advance("2m");
      expect(await storm.ask()).toMatchObject({ served: callers, failed: 0 });

      await storm.advance("121m");
      expect((await storm.ask()).failures).toEqual({ storage_failed: callers });
      expect(await redemptions(storm)).toEqual({ sent: 0, reuse: 0 });

      await redis.restart();
      expect(await storm.ask()).toMatchObject({ served: callers, failed: 0, unhandledRejections: 0 });
      expect(await redemptions(storm)).toEqual({ sent: 1, reuse: 0 });
    });
  });
});

describeFailover("before-save");
