import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ioredis, ioredisCluster, nodeRedis, nodeRedisCluster } from "./clients.ts";
import { patientStorage } from "./patient-storage.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { startRedisCluster, tell, until, type RedisGroup } from "./redis-topologies.ts";

/** How many connections listen to channels of a storage, on all of these servers. */
async function subscribed(servers: readonly RedisServer[]): Promise<number> {
  const found = await Promise.all(servers.map((server) => tell(server, "PUBSUB", "CHANNELS", "bb:*")));
  return found.flat().length;
}

describe.skipIf(!hasRedisServer())("a channel that was left and is listened to again at once", () => {
  let server: RedisServer;
  let cluster: RedisGroup;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedisServer(), startRedisCluster()]);
  });
  afterAll(() => Promise.all([server.stop(), cluster.stop()]));

  it.each([
    ["node-redis", () => nodeRedis(server), () => [server]],
    ["ioredis", () => ioredis(server), () => [server]],
    ["node-redis on a cluster", () => nodeRedisCluster(cluster.servers), () => cluster.servers],
    ["ioredis on a cluster", () => ioredisCluster(cluster.servers), () => cluster.servers],
  ])("is heard, over %s", async (_, connect, serversOf) => {
    const owned = await connect();
    const storage = patientStorage({ client: owned.client, watch: true });
    const release = async () => (await storage.tryLease("k", { owner: "alice", ttlMs: 60_000 }))?.release();
    let [before, heard] = [0, 0];
    const stop = storage.watch?.("k", () => (before += 1));
    await until("the subscription", async () => (await subscribed(serversOf())) === 1);
    await release();
    // Once it has heard the one notice there was, none is on its way.
    await until("the notice of a release", () => before === 1);

    stop?.();
    storage.watch?.("k", () => (heard += 1));

    await until("a notice of a later release", () => release().then(() => heard > 0));
    await storage.close();
    await until("the end of the subscription", async () => (await subscribed(serversOf())) === 0);
    owned.end();
    expect({ before, isHeard: heard > 0 }).toEqual({ before: 1, isHeard: true });
  });
});
