import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Redis } from "ioredis";
import { createClient, createSentinel } from "redis";
import { createRedisStorage } from "../src/index.ts";
import { ioredis, nodeRedis, type OwnedClient } from "./clients.ts";
import { patientPersist, patientStorage } from "./patient-storage.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import {
  failOver,
  startRedisSentinel,
  startReplica,
  tell,
  until,
  type RedisGroup,
} from "./redis-topologies.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const silent = {
  code: "storage_failed",
  action: "retry",
  message: expect.stringContaining("did not answer"),
};
const host = "127.0.0.1";

const bothClients = [
  ["node-redis", nodeRedis],
  ["ioredis", ioredis],
] as const;

describe.skipIf(!hasRedisServer())("a Redis that does not reply", () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedisServer();
  });
  afterEach(() => server.stop());

  it.each(bothClients)(
    "is given up on by the deadline, and what it does late does no harm, over %s",
    async (_, connect) => {
      const owned = await connect(server);
      const hasty = createRedisStorage({ client: owned.client, deadlineMs: 400 });
      const patient = patientStorage({ client: owned.client });
      await patient.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      const lease = await hasty.tryLease("k", { owner: "alice", ttlMs: 600_000, deadlineMs: 20_000 });
      server.freeze();
      const results = await Promise.allSettled([
        hasty.get("k"),
        hasty.compareAndSwap("k", "v1", bytes("two"), { version: "v2" }),
        hasty.tryLease("other", { owner: "alice", ttlMs: 600_000 }),
        lease?.renew(600_000),
        lease?.release(),
      ]);
      server.resume();
      expect(results).toEqual(
        results.map(() => ({ status: "rejected", reason: expect.objectContaining(silent) })),
      );
      expect(await patient.compareAndSwap("k", "v1", bytes("two"), { version: "v2" })).toEqual({ ok: true });
      expect(await patient.get("k")).toEqual({ bytes: bytes("two"), version: "v2" });
      expect(await patient.tryLease("other", { owner: "alice", ttlMs: 600_000 })).not.toBeNull();
      expect(await patient.tryLease("other", { owner: "bob", ttlMs: 600_000 })).toBeNull();
      await patient.tryLease("k", { owner: "alice", ttlMs: 600_000 }).then((again) => again?.release());
      expect(await patient.tryLease("k", { owner: "bob", ttlMs: 600_000 })).not.toBeNull();
      owned.end();
    },
  );

  it.each(bothClients)(
    "gives a lease back late, though it had never heard of how to, over %s",
    async (_, connect) => {
      const owned = await connect(server);
      const storage = patientStorage({ client: owned.client });
      const hasty = createRedisStorage({ client: owned.client, deadlineMs: 400 });
      const lease = await hasty.tryLease("k", { owner: "alice", ttlMs: 600_000, deadlineMs: 20_000 });
      server.freeze();
      await expect(lease?.release()).rejects.toMatchObject(silent);
      server.resume();
      expect(await storage.tryLease("k", { owner: "bob", ttlMs: 600_000 })).not.toBeNull();
      owned.end();
    },
  );

  it.each(bothClients)("does not run a late write over a newer one, over %s", async (_, connect) => {
    const [mine, theirs] = await Promise.all([connect(server), connect(server)]);
    const storage = patientStorage({ client: mine.client });
    const other = patientStorage({ client: theirs.client });
    await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
    server.freeze();
    const newer = other.compareAndSwap("k", "v1", bytes("newer"), { version: "v2" });
    const late = storage.compareAndSwap("k", "v1", bytes("late"), { version: "v3", deadlineMs: 200 });
    await expect(late).rejects.toMatchObject(silent);
    server.resume();
    await newer;
    const { version } = (await storage.get("k")) ?? {};
    const settled = await storage.compareAndSwap("k", "v1", bytes("late"), { version: "v3" });
    // Whichever ran first stays: the other one met a version that it did not name.
    expect([
      ["v2", false],
      ["v3", true],
    ]).toContainEqual([version, settled.ok]);
    mine.end();
    theirs.end();
  });
});

describe.skipIf(!hasRedisServer())("a Redis that dies", () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  });
  afterEach(() => server.stop());

  it.each(bothClients)("fails calls, typed, until it is back with its data, over %s", async (_, connect) => {
    const owned = await connect(server);
    const storage = createRedisStorage({ client: owned.client, deadlineMs: 300, watch: true });
    const patient = patientStorage({ client: owned.client });
    storage.watch?.("k", () => undefined);
    await patient.compareAndSwap("k", null, bytes("one"), { version: "v1" });
    await server.kill();
    const failed = { code: "storage_failed", action: "retry" };
    await expect(storage.get("k")).rejects.toMatchObject(failed);
    await expect(storage.compareAndSwap("k", "v1", bytes("two"), { version: "v2" })).rejects.toMatchObject(
      failed,
    );
    await server.restart();
    await until("the client to be back", () => patient.get("k").then(Boolean, () => false));
    // Whether the write that failed happens late is open; repeating it settles that, and nothing is lost either way.
    expect(["v1", "v2"]).toContain((await patient.get("k"))?.version);
    expect(await patient.compareAndSwap("k", "v1", bytes("two"), { version: "v2" })).toEqual({ ok: true });
    await storage.close();
    owned.end();
  });

  it.each(bothClients)("is reported with what the client knows of it, over %s", async (_, connect) => {
    const owned = await connect(server);
    const storage = createRedisStorage({ client: owned.client, deadlineMs: 300 });
    await storage.get("k");
    await server.kill();
    let message = "";
    await until("the client's first attempt to connect again", async () => {
      message = await storage.get("k").then(String, String);
      return message.includes("ECONNREFUSED");
    });
    expect(message).toMatch(/The client is (?:re)?connecting; its last error was ECONNREFUSED\./);
    await server.restart();
    await until("the client to be back", () =>
      storage.get("k").then(
        () => true,
        () => false,
      ),
    );
    owned.end();
  });

  it("adds no listener for errors to the caller's client", async () => {
    const client = createClient({ socket: { host, port: server.port, reconnectStrategy: false } });
    await client.connect();
    createRedisStorage({ client });
    expect(client.listenerCount("error")).toBe(0);
    client.destroy();
  });

  it.each(bothClients)("does not keep close() waiting, over %s", async (_, connect) => {
    const owned = await connect(server);
    const storage = createRedisStorage({ client: owned.client, watch: true });
    await server.kill();
    storage.watch?.("k", () => undefined);
    await expect(storage.close()).resolves.toBeUndefined();
    owned.end();
  });
});

describe.skipIf(!hasRedisServer())("a replica that takes over", () => {
  let primary: RedisServer;
  let replica: RedisServer;
  beforeEach(async () => {
    primary = await startRedisServer();
    replica = await startReplica(primary);
  });
  afterEach(() => Promise.all([primary.stop(), replica.stop()]));

  it.each(bothClients)("has every write that waited for it, and its leases, over %s", async (_, connect) => {
    const owned = await connect(primary);
    const storage = patientStorage({ client: owned.client, persist: patientPersist });
    const before = await storage.tryLease("k", { owner: "alice", ttlMs: 600_000 });
    await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
    await storage.delete("gone", { version: "tombstone" });
    await primary.kill();
    owned.end();
    await tell(replica, "REPLICAOF", "NO", "ONE");
    const promoted = await connect(replica);
    const after = patientStorage({ client: promoted.client });
    expect(await after.get("k")).toEqual({ bytes: bytes("one"), version: "v1" });
    expect(await after.compareAndSwap("gone", null, bytes("late"), { version: "v2" })).toMatchObject({
      deleted: true,
    });
    expect(await after.tryLease("k", { owner: "bob", ttlMs: 600_000 })).toBeNull();
    expect((await after.tryLease("k", { owner: "alice", ttlMs: 600_000 }))?.fence).toBe(before?.fence);
    promoted.end();
  });
});

describe.skipIf(!hasRedisServer())("a failover by Sentinel", () => {
  let group: RedisGroup;
  beforeEach(async () => {
    group = await startRedisSentinel();
  });
  afterEach(() => group.stop());

  const viaSentinel = [
    [
      "node-redis",
      async (port: number): Promise<OwnedClient> => {
        const client = createSentinel({
          name: "main",
          sentinelRootNodes: [{ host, port }],
          scanInterval: 200,
        });
        client.on("error", () => undefined);
        await client.connect();
        return { client, end: () => client.destroy() };
      },
    ],
    [
      "ioredis",
      async (port: number): Promise<OwnedClient> => {
        // Note: no `failoverDetector`. In ioredis 6.0.0 a failover that it notices while the client connects ends the client.
        const client = new Redis({ name: "main", sentinels: [{ host, port }] });
        client.on("error", () => undefined);
        return { client, end: () => client.disconnect() };
      },
    ],
  ] as const;

  it.each(viaSentinel)(
    "is followed over %s, and only typed errors are met on the way",
    async (_, connect) => {
      const [sentinel] = group.servers;
      const owned = await connect(sentinel?.port ?? 0);
      const storage = patientStorage({ client: owned.client, persist: patientPersist });
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      await group.servers[1]?.kill();
      const withoutReplica = createRedisStorage({ client: owned.client, deadlineMs: 1_000 });
      const write = () => withoutReplica.compareAndSwap("k", "v1", bytes("two"), { version: "v2" });
      const codeOf = (error: unknown): unknown =>
        error instanceof Error && "code" in error ? error.code : error;
      const codes = new Set([await write().catch(codeOf)]);
      await failOver(group);
      await until("a write after the failover", () =>
        write().then(
          ({ ok }) => ok,
          (error: unknown) => {
            codes.add(codeOf(error));
            return false;
          },
        ),
      );
      expect([...codes]).toEqual(["storage_failed"]);
      expect((await withoutReplica.get("k"))?.version).toBe("v2");
      owned.end();
    },
  );
});
