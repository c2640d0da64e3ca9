import { Cluster, Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { everyCall, expectedOfEveryCall } from "./every-call.ts";
import { patientPersist } from "./patient-storage.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import {
  redirections,
  startRedisCluster,
  startRedisSentinel,
  tell,
  type RedisGroup,
} from "./redis-topologies.ts";

const host = "127.0.0.1";

describe.skipIf(!hasRedisServer())("ioredis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterEach(() => tell(server, "FLUSHALL"));
  afterAll(() => server.stop());

  it.each([
    ["over RESP2", { protocol: 2 }],
    ["over RESP3", { protocol: 3 }],
    ["over RESP3 with its own mapping of replies", { protocol: 3, replyMapping: "resp3" }],
    ["connecting at the first command", { lazyConnect: true }],
    ["with automatic pipelines", { enableAutoPipelining: true }],
    ["with numbers as text", { stringNumbers: true }],
    ["under a key prefix of the client", { keyPrefix: "app*:" }],
  ] as const)("serves every call %s", async (_, options) => {
    const client = new Redis({ host, port: server.port, ...options });
    expect(await everyCall(client, { watch: true })).toEqual(expectedOfEveryCall);
    client.disconnect();
  });

  it("takes on a key prefix of the client", async () => {
    const client = new Redis({ host, port: server.port, keyPrefix: "app:" });
    await everyCall(client);
    expect(await tell(server, "KEYS", "bb:*")).toEqual([]);
    client.disconnect();
  });
});

describe.skipIf(!hasRedisServer())("ioredis in a group", () => {
  let cluster: RedisGroup;
  let sentinel: RedisGroup;
  beforeAll(async () => {
    [cluster, sentinel] = await Promise.all([startRedisCluster(), startRedisSentinel()]);
  });
  afterEach(() => Promise.all(cluster.servers.map((server) => tell(server, "FLUSHALL"))));
  afterAll(() => Promise.all([cluster.stop(), sentinel.stop()]));

  it.each([
    ["as it comes", {}],
    ["with automatic pipelines", { enableAutoPipelining: true }],
    ["that reads from replicas", { scaleReads: "all" }],
    ["under a key prefix of the client", { keyPrefix: "app:" }],
  ] as const)("serves every call over a cluster %s", async (_, options) => {
    const client = new Cluster(
      cluster.servers.map(({ port }) => ({ host, port })),
      options,
    );
    expect(await everyCall(client, { watch: true })).toEqual(expectedOfEveryCall);
    expect(await redirections(cluster.servers)).toBe(0);
    client.disconnect();
  });

  it("serves every call by way of Sentinel", async () => {
    const [watcher] = sentinel.servers;
    const client = new Redis({ name: "main", sentinels: [{ host, port: watcher?.port ?? 0 }] });
    expect(await everyCall(client, { watch: true, persist: patientPersist })).toEqual(expectedOfEveryCall);
    client.disconnect();
  });
});
