import { describe, expect, it } from "vitest";
import { hasRedisServer } from "../storm/redis-server.ts";
import { callers, describeFailover, onRedis, timeoutMs } from "./describe-redis-outages.ts";
import { redemptions } from "./with-storm.ts";

describe.runIf(hasRedisServer)("a Redis that freezes", { timeout: timeoutMs }, () => {
  it("makes a refresh reject with a storage error before anything is sent, and works again afterwards", async () => {
    await onRedis(async (storm, redis) => {
      // Once in peace, so that this Redis knows every script: what was sent while it froze then still counts.
      await storm.advance("121m");
      await storm.ask();
      await storm.advance("121m");
      const trap = await storm.trap(0, "lease-held");
      redis.freeze();
      trap.release();
      const answers = await storm.ask({ processes: [1, 2] });

      expect(answers.failures).toEqual({ storage_failed: 10 });
      expect((await trap.answers).failures).toEqual({ storage_failed: 5 });
      expect(await redemptions(storm)).toEqual({ sent: 1, reuse: 0 });

      redis.resume();
      expect(await storm.ask()).toMatchObject({ served: callers, failed: 0, unhandledRejections: 0 });
      expect(await redemptions(storm)).toEqual({ sent: 2, reuse: 0 });
    });
  });
});

describe.runIf(hasRedisServer)("a Redis that is killed", { timeout: timeoutMs }, () => {
  it("loses no rotation that was on its way to it", async () => {
    await onRedis(async (storm, redis) => {
      await storm.advance("121m");
      const trap = await storm.trap(0, "before-save");
      await redis.kill();
      trap.release();
      expect(await trap.answers).toMatchObject({ served: 5, failed: 0 });

      await redis.restart();
      expect(await storm.ask()).toMatchObject({ served: callers, failed: 0, unhandledRejections: 0 });
      expect(await redemptions(storm)).toEqual({ sent: 1, reuse: 0 });
    });
  });
});

describeFailover("intent-written");
