import { describeStorageContract } from "@bitbucket-auth/testing/storage-contract";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { ioredis, ioredisCluster, nodeRedis, nodeRedisCluster, type OwnedClient } from "./clients.ts";
import { patientStorage } from "./patient-storage.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { startRedisCluster, type RedisGroup } from "./redis-topologies.ts";

const runner = { describe, it, beforeEach, afterEach };

/** The contract over one client, and over a second one for second handles. Each case has a prefix of its own. */
function runContract(name: string, connect: () => Promise<OwnedClient>): void {
  const clients: Promise<OwnedClient>[] = [];
  let cases = 0;
  const open = async (index: number) => {
    const { client } = await (clients[index] ??= connect());
    return patientStorage({ client, prefix: `${name} ${cases}`, watch: true });
  };
  describe(`over ${name}`, () => {
    afterAll(async () => {
      for (const owned of await Promise.all(clients)) owned.end();
    });
    describeStorageContract("keeps the storage contract", {
      runner,
      create() {
        cases += 1;
        return open(0);
      },
      reopen: () => open(1),
    });
  });
}

describe.skipIf(!hasRedisServer())("createRedisStorage()", () => {
  let server: RedisServer;
  let cluster: RedisGroup;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedisServer(), startRedisCluster()]);
  });
  afterAll(() => Promise.all([server.stop(), cluster.stop()]));

  runContract("node-redis", () => nodeRedis(server));
  runContract("ioredis", () => ioredis(server));
  runContract("node-redis on a cluster", () => nodeRedisCluster(cluster.servers));
  runContract("ioredis on a cluster", () => ioredisCluster(cluster.servers));
});
