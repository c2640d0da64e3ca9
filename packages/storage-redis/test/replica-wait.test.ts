import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createRedisStorage } from "../src/index.ts";
import { waitForReplicas } from "../src/replica-wait.ts";
import { ioredis, nodeRedis } from "./clients.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { startReplica, tell, untilConfirmed } from "./redis-topologies.ts";

/** Long enough for a replica that stands still to be told from a slow one. */
const persist = { waitReplicas: 1, timeoutMs: 1_000 };
const bytes = new Uint8Array([1]);
const tooFew = {
  code: "storage_failed",
  action: "retry",
  message: expect.stringContaining("0 of 1 replicas"),
};

describe("waitForReplicas()", () => {
  it.each([1, 2, "1", Buffer.from("1")])("is content with %s of 1", async (confirmed) => {
    await expect(waitForReplicas(async () => confirmed, persist)).resolves.toBeUndefined();
  });

  it.each([0, "0", null])("rejects at %s of 1", async (confirmed) => {
    await expect(waitForReplicas(async () => confirmed, persist)).rejects.toMatchObject({
      code: "storage_failed",
    });
  });
});

describe.skipIf(!hasRedisServer())("a write that waits for a replica", () => {
  let primary: RedisServer;
  let replica: RedisServer;
  beforeAll(async () => {
    primary = await startRedisServer();
    replica = await startReplica(primary);
  });
  afterEach(() => tell(primary, "FLUSHALL"));
  afterAll(() => Promise.all([primary.stop(), replica.stop()]));

  it.each([
    ["node-redis", nodeRedis],
    ["ioredis", ioredis],
  ])("is saved once the replica has it, over %s", async (_, connect) => {
    const owned = await connect(primary);
    const storage = createRedisStorage({ client: owned.client, persist, deadlineMs: 20_000 });
    expect(await storage.compareAndSwap("k", null, bytes, { version: "v1" })).toEqual({ ok: true });
    expect(await tell(replica, "DBSIZE")).toBe(1);
    owned.end();
  });

  it.each([
    ["node-redis", nodeRedis],
    ["ioredis", ioredis],
  ])(
    "is not called saved while the replica stands still, and can be repeated, over %s",
    async (_, connect) => {
      const owned = await connect(primary);
      const storage = createRedisStorage({ client: owned.client, persist, deadlineMs: 20_000 });
      await storage.compareAndSwap("k", null, bytes, { version: "v1" });
      replica.freeze();
      try {
        await expect(storage.compareAndSwap("k", "v1", bytes, { version: "v2" })).rejects.toMatchObject(
          tooFew,
        );
        await expect(storage.compareAndSwap("k", "v1", bytes, { version: "v2" })).rejects.toMatchObject(
          tooFew,
        );
      } finally {
        replica.resume();
      }
      await untilConfirmed(primary);
      expect(await storage.compareAndSwap("k", "v1", bytes, { version: "v2" })).toEqual({ ok: true });
      owned.end();
    },
  );
});
