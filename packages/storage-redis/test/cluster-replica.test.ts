import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ioredisCluster, nodeRedisCluster, type OwnedClient } from "./clients.ts";
import { patientStorage } from "./patient-storage.ts";
import { hasRedisServer, type RedisServer } from "./redis-server.ts";
import { joinAsReplica, startRedisCluster, tell, type RedisGroup } from "./redis-topologies.ts";

const host = "127.0.0.1";
const bytes = new Uint8Array([1]);
const keys = Array.from({ length: 6 }, (_, index) => `key-${index}`);

describe.skipIf(!hasRedisServer())("a cluster of which one node has a replica", () => {
  let cluster: RedisGroup;
  let replica: RedisServer;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    replica = await joinAsReplica(cluster);
  });
  afterEach(() => Promise.all(cluster.servers.map((server) => tell(server, "FLUSHALL"))));
  afterAll(() => Promise.all([cluster.stop(), replica.stop()]));

  it.each([
    ["node-redis", nodeRedisCluster],
    ["ioredis", ioredisCluster],
  ])("is waited for at the node that owns the key, over %s", async (_, connect) => {
    const owned = await connect(cluster.servers);
    const storage = patientStorage({
      client: owned.client,
      // Long enough for the replica there is; each other node takes as long to find that it has none.
      persist: { waitReplicas: 1, timeoutMs: 2_000 },
    });
    const saved = await Promise.allSettled(
      keys.map((key) => storage.compareAndSwap(key, null, bytes, { version: "v1" })),
    );
    const [first] = cluster.servers;
    const onFirst = Number(first && (await tell(first, "DBSIZE")));
    expect(onFirst).toBeGreaterThan(0);
    expect(saved.filter(({ status }) => status === "fulfilled")).toHaveLength(onFirst);
    owned.end();
  });

  it.each([
    [
      "node-redis",
      async (): Promise<OwnedClient> => {
        const rootNodes = cluster.servers.map(({ port }) => ({ socket: { host, port } }));
        const client = createCluster({ rootNodes, useReplicas: true });
        client.on("error", () => undefined);
        await client.connect();
        return { client, end: () => client.destroy() };
      },
    ],
    [
      "ioredis",
      async (): Promise<OwnedClient> => {
        const nodes = cluster.servers.map(({ port }) => ({ host, port }));
        const client = new Cluster(nodes, { scaleReads: "slave" });
        client.on("error", () => undefined);
        return { client, end: () => client.disconnect() };
      },
    ],
  ])("answers reads from its primaries though the client prefers replicas, over %s", async (_, connect) => {
    const owned = await connect();
    const storage = patientStorage({ client: owned.client });
    await Promise.all(keys.map((key) => storage.compareAndSwap(key, null, bytes, { version: "v1" })));
    replica.freeze();
    try {
      const read = await Promise.all(keys.map((key) => storage.get(key)));
      expect(read.map((entry) => entry?.version)).toEqual(keys.map(() => "v1"));
    } finally {
      replica.resume();
    }
    owned.end();
  });
});
