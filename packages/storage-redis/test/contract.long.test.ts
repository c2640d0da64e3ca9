import { afterAll, beforeAll, describe } from "vitest";
import { ioredis, nodeRedisCluster } from "./clients.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { startRedisCluster, type RedisGroup } from "./redis-topologies.ts";
import { runContract } from "./run-contract.ts";

describe.skipIf(!hasRedisServer())("createRedisStorage()", () => {
  let server: RedisServer;
  let cluster: RedisGroup;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedisServer(), startRedisCluster()]);
  });
  afterAll(() => Promise.all([server.stop(), cluster.stop()]));

  runContract("ioredis", () => ioredis(server));
  runContract("node-redis on a cluster", () => nodeRedisCluster(cluster.servers));
});
