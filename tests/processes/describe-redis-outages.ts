import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Storm } from "@bitbucket-auth/testing/storm";
import { describe, expect, it } from "vitest";
import { hasRedisServer, startRedisServer, type RedisServer } from "../storm/redis-server.ts";
import { openSwitchableSocket } from "./switchable-socket.ts";
import { redemptions, withStorm } from "./with-storm.ts";

/** All callers of the three processes. */
export const callers = 15;
/** Against hanging only. */
export const timeoutMs = 300_000;

/** Three processes on one Redis that a test may misuse. */
export async function onRedis(use: (storm: Storm, redis: RedisServer) => Promise<void>): Promise<void> {
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

/** Registers what a failover keeps, with a process that stands at that point of a refresh. */
export function describeFailover(point: "intent-written" | "before-save"): void {
  describe.runIf(hasRedisServer)("a Redis that fails over to a replica", { timeout: timeoutMs }, () => {
    it(`keeps the grant: at ${point}`, async () => {
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
}

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
