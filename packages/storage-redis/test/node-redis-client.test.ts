import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createRedisStorage } from "../src/index.ts";
import type { NodeRedisCluster } from "../src/node-redis-client.ts";
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

describe("a read over node-redis", () => {
  it.each([
    ["has its time limit from the storage alone while the client is connected", true, { timeout: undefined }],
    ["can be withdrawn while the client reconnects", false, { abortSignal: expect.any(AbortSignal) }],
  ])("%s", async (_, isReady, expected) => {
    const options: (object | undefined)[] = [];
    const client = {
      isOpen: true,
      isReady,
      duplicate: () => createClient(),
      async sendCommand(_command: readonly (string | Uint8Array)[], given?: object) {
        options.push(given);
        return [null, null];
      },
    };
    await createRedisStorage({ client }).get("k");
    expect(options).toStrictEqual([{ typeMapping: { 36: Buffer }, ...expected }]);
  });
});

describe("node-redis 5", () => {
  it("cannot duplicate a Sentinel client, so that cannot watch", () => {
    const client = { sendCommand: async () => 1, use: () => Promise.reject(new Error("unused")) };
    expect(createRedisStorage({ client }).caps.watch).toBe(false);
    expect(() => createRedisStorage({ client, watch: true })).toThrow(
      expect.objectContaining({ code: "invalid_options" }),
    );
  });

  it("sends WAIT through the cluster to the node of the key it is given", async () => {
    const sent: string[] = [];
    const client: NodeRedisCluster = {
      masters: [],
      nodeClient: () => Promise.reject(new Error("unused")),
      duplicate: () => createClient(),
      async sendCommand(firstKey, isReadonly, [name]) {
        sent.push(`${String(name)} ${String(firstKey).slice(-4)} ${String(isReadonly)}`);
        return 1;
      },
    };
    const storage = createRedisStorage({ client, persist: { waitReplicas: 1, timeoutMs: 100 } });
    await storage.compareAndSwap("k", null, new Uint8Array([1]), { version: "v1" });
    expect(sent).toEqual(["EVALSHA :rec false", "WAIT :rec false"]);
  });
});

describe.skipIf(!hasRedisServer())("node-redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterEach(() => tell(server, "FLUSHALL"));
  afterAll(() => server.stop());

  it.each([2, 3] as const)("serves every call over RESP%s", async (RESP) => {
    const client = createClient({ RESP, socket: { host, port: server.port } });
    await client.connect();
    expect(await everyCall(client, { watch: true })).toEqual(expectedOfEveryCall);
    client.destroy();
  });

  it("serves every call whatever else the client maps replies to", async () => {
    const client = createClient({ socket: { host, port: server.port } }).withTypeMapping({
      58: String,
      36: Buffer,
    });
    await client.connect();
    expect(await everyCall(client)).toEqual(expectedOfEveryCall);
    client.destroy();
  });

  it("serves every call under a key prefix of the client, which it does not take on", async () => {
    const client = createClient({ keyPrefix: "app:", socket: { host, port: server.port } });
    await client.connect();
    expect(await everyCall(client, { watch: true })).toEqual(expectedOfEveryCall);
    expect(await tell(server, "KEYS", "app:*")).toEqual([]);
    client.destroy();
  });

  it("serves every call over a pool, but cannot watch with it", async () => {
    const pool = createClientPool({ socket: { host, port: server.port } }, { minimum: 1, maximum: 3 });
    await pool.connect();
    expect(await everyCall(pool)).toEqual(expectedOfEveryCall);
    expect(() => createRedisStorage({ client: pool, watch: true })).toThrow(
      expect.objectContaining({ code: "invalid_options" }),
    );
    pool.destroy();
  });

  it("withdraws what has not been sent when the deadline is over", async () => {
    const client = createClient({ socket: { host, port: server.port, reconnectStrategy: 20 } });
    client.on("error", () => undefined);
    await client.connect();
    const storage = createRedisStorage({ client, deadlineMs: 20_000 });
    const bytes = new Uint8Array([1]);
    await storage.compareAndSwap("k", null, bytes, { version: "v1" });
    await server.kill();
    await expect(storage.delete("k", { deadlineMs: 60 })).rejects.toMatchObject({ code: "storage_failed" });
    await server.restart();
    expect(await storage.compareAndSwap("k", null, bytes, { version: "v2" })).toEqual({ ok: true });
    expect((await storage.get("k"))?.version).toBe("v2");
    client.destroy();
  });
});

describe.skipIf(!hasRedisServer())("node-redis in a group", () => {
  let cluster: RedisGroup;
  let sentinel: RedisGroup;
  beforeAll(async () => {
    [cluster, sentinel] = await Promise.all([startRedisCluster(), startRedisSentinel()]);
  });
  afterAll(() => Promise.all([cluster.stop(), sentinel.stop()]));

  it("serves every call over a cluster that may read from replicas", async () => {
    const client = createCluster({
      rootNodes: cluster.servers.map(({ port }) => ({ socket: { host, port } })),
      useReplicas: true,
    });
    await client.connect();
    expect(await everyCall(client, { watch: true })).toEqual(expectedOfEveryCall);
    expect(await redirections(cluster.servers)).toBe(0);
    client.destroy();
  });

  it("serves every call by way of Sentinel", async () => {
    const [watcher] = sentinel.servers;
    const client = createSentinel({ name: "main", sentinelRootNodes: [{ host, port: watcher?.port ?? 0 }] });
    await client.connect();
    expect(await everyCall(client, { watch: true, persist: patientPersist })).toEqual(expectedOfEveryCall);
    await client.close();
  });
});
