import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { once } from "node:events";
import type { Storm } from "@bitbucket-auth/testing/storm";
import { describe, expect, it } from "vitest";
import { hasRedisServer, startRedisServer, type RedisServer } from "../storm/redis-server.ts";
import { openSwitchableSocket } from "./switchable-socket.ts";
import { redemptions, withStorm } from "./with-storm.ts";

const everybody = 15;
const timeoutMs = 300_000;

/** Three processes on one Redis that a test may misuse. */
async function onRedis(use: (storm: Storm, redis: RedisServer) => Promise<void>): Promise<void> {
  const redis = await startRedisServer();
  try {
    await withStorm({ settings: settingsFor(redis.path) }, (storm) => use(storm, redis));
  } finally {
    await redis.stop();
  }
}

function settingsFor(path: string): Record<string, string> {
  const encryptionKey = randomBytes(32).toString("base64");
  return { redis: path, library: "node-redis", encryptionKey, deadlineMs: "1500" };
}

describe.runIf(hasRedisServer)("a Redis that freezes", { timeout: timeoutMs }, () => {
  it("does not keep a token that is still valid from being served", async () => {
    await onRedis(async (storm, redis) => {
      await storm.ask();
      // Past the time that memory alone answers for, and well inside the life of the token.
      await storm.advance("2m");
      redis.freeze();

      const answers = await storm.ask();

      expect(answers).toMatchObject({ served: everybody, failed: 0, unhandledRejections: 0 });
      expect(answers.counts["storageFailed"]).toBeGreaterThan(0);
      redis.resume();
    });
  });

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
      expect(await storm.ask()).toMatchObject({ served: everybody, failed: 0, unhandledRejections: 0 });
      expect(await redemptions(storm)).toEqual({ sent: 2, reuse: 0 });
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
      expect(await storm.ask()).toMatchObject({ served: everybody, failed: 0, unhandledRejections: 0 });
      await storm.advance("121m");
      expect(await storm.ask()).toMatchObject({ served: everybody, failed: 0, unhandledRejections: 0 });
      expect(await redemptions(storm)).toEqual({ sent: 2, reuse: 0 });
    });
  });
});

describe.runIf(hasRedisServer)("a Redis that is killed", { timeout: timeoutMs }, () => {
  it("makes refreshes reject with a storage error until it is back, and nobody reuses a token", async () => {
    await onRedis(async (storm, redis) => {
      await storm.ask();
      await redis.kill();
      await storm.advance("2m");
      expect(await storm.ask()).toMatchObject({ served: everybody, failed: 0 });

      await storm.advance("121m");
      expect((await storm.ask()).failures).toEqual({ storage_failed: everybody });
      expect(await redemptions(storm)).toEqual({ sent: 0, reuse: 0 });

      await redis.restart();
      expect(await storm.ask()).toMatchObject({ served: everybody, failed: 0, unhandledRejections: 0 });
      expect(await redemptions(storm)).toEqual({ sent: 1, reuse: 0 });
    });
  });

  it("loses no rotation that was on its way to it", async () => {
    await onRedis(async (storm, redis) => {
      await storm.advance("121m");
      const trap = await storm.trap(0, "before-save");
      await redis.kill();
      trap.release();
      expect(await trap.answers).toMatchObject({ served: 5, failed: 0 });

      await redis.restart();
      expect(await storm.ask()).toMatchObject({ served: everybody, failed: 0, unhandledRejections: 0 });
      expect(await redemptions(storm)).toEqual({ sent: 1, reuse: 0 });
    });
  });
});

describe.runIf(hasRedisServer)("a Redis that fails over to a replica", { timeout: timeoutMs }, () => {
  it.each(["intent-written", "before-save"] as const)("keeps the grant: at %s", async (point) => {
    const port = await freePort();
    const primary = await startRedisServer({ port });
    const replica = await startRedisServer({ replicaOf: port });
    const address = await openSwitchableSocket(primary.path);
    try {
      await withStorm({ settings: settingsFor(address.path) }, async (storm) => {
        await storm.advance("121m");
        const trap = await storm.trap(0, point);
        await caughtUp(primary);
        await primary.kill();
        await replica.tell("REPLICAOF", "NO", "ONE");
        address.switchTo(replica.path);
        trap.release();

        const [first, others] = await Promise.all([trap.answers, storm.ask({ processes: [1, 2] })]);
        expect(first).toMatchObject({ served: 5, failed: 0, unhandledRejections: 0 });
        expect(others).toMatchObject({ served: 10, failed: 0, unhandledRejections: 0 });
        expect(await redemptions(storm)).toEqual({ sent: 1, reuse: 0 });
      });
    } finally {
      await address.close();
      await Promise.all([replica.stop(), primary.stop()]);
    }
  });
});

/** Waits until the replica confirms all that the primary has. */
async function caughtUp(primary: RedisServer): Promise<void> {
  for (let tries = 0; tries < 100; tries++) if (Number(await primary.tell("WAIT", "1", "100")) === 1) return;
  throw new Error("The replica never caught up");
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  await once(probe.close(), "close");
  if (address === null || typeof address === "string") throw new Error("There is no port");
  return address.port;
}
