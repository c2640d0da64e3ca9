import { afterAll, beforeAll, describe } from "vitest";
import { ioredisCluster, nodeRedis } from "./clients.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { startRedisCluster, type RedisGroup } from "./redis-topologies.ts";
import { runContract } from "./run-contract.ts";

// Each library, one server and a cluster. The long suite crosses them.
describe.skipIf(!hasRedisServer())("createRedisStorage()", () => {
  let server: RedisServer;
  let cluster: RedisGroup;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedisServer(), startRedisCluster()]);
  });
  afterAll(() => Promise.all([server.stop(), cluster.stop()]));

  runContract(
    "node-redis",
    () => nodeRedis(server),
    () => server.port,
  );
  runContract("ioredis on a cluster", () => ioredisCluster(cluster.servers));
});
