import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { waitForReplicas } from "../src/replica-wait.ts";
import { ioredis, nodeRedis } from "./clients.ts";
import { patientPersist, patientStorage } from "./patient-storage.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { startReplica, tell, untilConfirmed } from "./redis-topologies.ts";

/** For a replica that stands still, which no time is long enough for. */
const persist = { waitReplicas: 1, timeoutMs: 250 };
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
    const storage = patientStorage({ client: owned.client, persist: patientPersist });
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
      const storage = patientStorage({ client: owned.client, persist });
      const patient = patientStorage({ client: owned.client, persist: patientPersist });
      await patient.compareAndSwap("k", null, bytes, { version: "v1" });
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
      expect(await patient.compareAndSwap("k", "v1", bytes, { version: "v2" })).toEqual({ ok: true });
      owned.end();
    },
  );

  it.each([
    ["node-redis", nodeRedis],
    ["ioredis", ioredis],
  ])(
    "is not called saved either when it is repeated over another connection, over %s",
    async (_, connect) => {
      const [owned, another] = await Promise.all([connect(primary), connect(primary)]);
      const [first, second] = [owned, another].map(({ client }) => patientStorage({ client, persist }));
      replica.freeze();
      try {
        const [write, gone] = [{ version: "v1" }, { version: "gone" }];
        await expect(first?.compareAndSwap("k", null, bytes, write)).rejects.toMatchObject(tooFew);
        await expect(second?.compareAndSwap("k", null, bytes, write)).rejects.toMatchObject(tooFew);
        await expect(first?.delete("k", gone)).rejects.toMatchObject(tooFew);
        await expect(second?.delete("k", gone)).rejects.toMatchObject(tooFew);
      } finally {
        replica.resume();
      }
      await untilConfirmed(primary);
      owned.end();
      another.end();
    },
  );
});
