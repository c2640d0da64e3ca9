import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { redisKeys } from "../src/redis-keys.ts";
import { ioredis, nodeRedis, type OwnedClient } from "./clients.ts";
import { patientStorage } from "./patient-storage.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { tell } from "./redis-topologies.ts";

const names = redisKeys("bb", "").of("k");
const ttlMs = 60_000;

describe.skipIf(!hasRedisServer())("tryRedisLease()", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterEach(() => tell(server, "FLUSHALL"));
  afterAll(() => server.stop());

  describe.each([
    ["node-redis", nodeRedis],
    ["ioredis", ioredis],
  ])("over %s", (_, connect) => {
    let owned: OwnedClient;
    beforeAll(async () => {
      owned = await connect(server);
    });
    afterAll(() => void owned.end());

    it("does nothing to a lease that another owner has taken", async () => {
      const storage = patientStorage({ client: owned.client });
      const stale = await storage.tryLease("k", { owner: "alice", ttlMs });
      await tell(server, "DEL", names.lease);
      const held = await storage.tryLease("k", { owner: "bob", ttlMs });
      await stale?.release();
      expect(await stale?.renew(ttlMs)).toBe(false);
      expect(await held?.renew(ttlMs)).toBe(true);
    });

    it("does nothing to a later lease of the same owner", async () => {
      const storage = patientStorage({ client: owned.client });
      const stale = await storage.tryLease("k", { owner: "alice", ttlMs });
      await tell(server, "DEL", names.lease);
      const held = await storage.tryLease("k", { owner: "alice", ttlMs });
      await stale?.release();
      expect(await stale?.renew(ttlMs)).toBe(false);
      expect(await held?.renew(ttlMs)).toBe(true);
    });

    it("does nothing to another owner's lease of the same fence, as a failover can leave it", async () => {
      const storage = patientStorage({ client: owned.client });
      const stale = await storage.tryLease("k", { owner: "alice", ttlMs });
      await tell(server, "HSET", names.lease, "o", "bob");
      await stale?.release();
      expect(await stale?.renew(ttlMs)).toBe(false);
      expect(await tell(server, "HGET", names.lease, "o")).toBe("bob");
    });

    it("lets the server's clock decide when a lease lapses", async () => {
      const storage = patientStorage({ client: owned.client });
      const lease = await storage.tryLease("k", { owner: "alice", ttlMs: 5_000.2 });
      expect(Number(await tell(server, "PTTL", names.lease))).toBeLessThanOrEqual(5_001);
      await lease?.renew(90_000);
      expect(Number(await tell(server, "PTTL", names.lease))).toBeGreaterThan(60_000);
    });

    it("grants a lease that was asked for with no time as the shortest there is", async () => {
      const storage = patientStorage({ client: owned.client });
      expect(await storage.tryLease("k", { owner: "alice", ttlMs: 0 })).not.toBeNull();
    });

    it("counts fences on after a release, a lapse and the loss of the counter", async () => {
      const storage = patientStorage({ client: owned.client });
      const fences: number[] = [];
      const take = async (owner: string) => {
        const lease = await storage.tryLease("k", { owner, ttlMs });
        fences.push(lease?.fence ?? 0);
        return lease;
      };
      await (await take("alice"))?.release();
      await take("bob");
      await tell(server, "DEL", names.lease);
      await take("carol");
      await tell(server, "FLUSHALL");
      await take("dave");
      expect(fences).toEqual([...new Set(fences)].toSorted((one, other) => one - other));
    });

    it("counts on from a fence that is ahead of the clock", async () => {
      const storage = patientStorage({ client: owned.client });
      const ahead = (Date.now() + 3_600_000) * 1_000;
      await tell(server, "SET", names.fence, String(ahead));
      const lease = await storage.tryLease("k", { owner: "alice", ttlMs });
      expect(lease?.fence).toBe(ahead + 1);
    });

    it("leaves nothing behind for good", async () => {
      const storage = patientStorage({ client: owned.client });
      await storage.tryLease("k", { owner: "alice", ttlMs });
      for (const name of [names.lease, names.fence]) {
        expect(Number(await tell(server, "PTTL", name))).toBeGreaterThan(0);
      }
    });
  });
});
