import type { Lease, TokenStorage } from "@bitbucket-auth/core";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createRedisStorage } from "../src/index.ts";
import { redisKeys } from "../src/redis-keys.ts";
import { ioredis, nodeRedis, type OwnedClient } from "./clients.ts";
import { listedKeys } from "./listed-keys.ts";
import { patientStorage } from "./patient-storage.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";
import { startReplica, tell, until } from "./redis-topologies.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const names = redisKeys("bb", "").of("k");
const dayMs = 24 * 3_600_000;

/** How often a server ran each command that a storage uses, those inside of scripts included. */
async function commandCounts(server: RedisServer): Promise<Record<string, number>> {
  const stats = String(await tell(server, "INFO", "commandstats"));
  const counts = stats.matchAll(/cmdstat_(evalsha?|hmget|hget|exists|info|wait):calls=(\d+)/g);
  return Object.fromEntries([...counts].map(([, name, calls]) => [name, Number(calls)]));
}

async function leaseOf(storage: TokenStorage): Promise<Lease> {
  const lease = await storage.tryLease("k", { owner: "alice", ttlMs: 30_000 });
  if (!lease) throw new Error("The lease was refused.");
  return lease;
}

describe.skipIf(!hasRedisServer())("createRedisStorage()", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterEach(async () => {
    await tell(server, "CONFIG", "SET", "maxmemory", "0");
    await tell(server, "FLUSHALL");
  });
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

    it("reads in one round trip", async () => {
      const storage = patientStorage({ client: owned.client });
      await tell(server, "CONFIG", "RESETSTAT");
      await storage.get("k");
      expect(await commandCounts(server)).toEqual({ hmget: 1 });
    });

    it.each<[string, (storage: TokenStorage, lease: Lease) => Promise<unknown>]>([
      ["writes", (storage) => storage.compareAndSwap("k", null, bytes("one"), { version: "v1" })],
      ["deletes", (storage) => storage.delete("k")],
      ["takes a lease", (storage) => storage.tryLease("other", { owner: "alice", ttlMs: 30_000 })],
      ["renews a lease", (_storage, lease) => lease.renew(30_000)],
      ["releases a lease", (_storage, lease) => lease.release()],
    ])("%s in one round trip", async (_name, call) => {
      const storage = patientStorage({ client: owned.client, watch: true, onWarning: () => undefined });
      await call(storage, await leaseOf(storage)); // gives the server the script
      await tell(server, "FLUSHDB");
      const lease = await leaseOf(storage);
      await tell(server, "CONFIG", "RESETSTAT");
      await call(storage, lease);
      const { evalsha, eval: sentAgain } = await commandCounts(server);
      expect({ evalsha, sentAgain }).toEqual({ evalsha: 1, sentAgain: undefined });
      await storage.close();
    });

    it("keeps bytes that are no text", async () => {
      const storage = patientStorage({ client: owned.client });
      const every = Uint8Array.from({ length: 256 }, (__, index) => index);
      await storage.compareAndSwap("k", null, every, { version: "v1" });
      expect((await storage.get("k"))?.bytes).toEqual(every);
    });

    it("does not see a change the caller makes to its bytes after the call", async () => {
      const storage = patientStorage({ client: owned.client });
      const mine = bytes("one");
      const written = storage.compareAndSwap("k", null, mine, { version: "v1" });
      mine.fill(0);
      await written;
      expect((await storage.get("k"))?.bytes).toEqual(bytes("one"));
    });

    it("lets Redis forget an entry at its expiry, and a tombstone after a day", async () => {
      const storage = patientStorage({ client: owned.client });
      const expireAt = Date.now() + 5 * dayMs + 0.5;
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1", expireAt });
      expect(await tell(server, "PEXPIRETIME", names.record)).toBe(Math.ceil(expireAt));
      await storage.delete("k", { version: "gone" });
      const left = Number(await tell(server, "PTTL", names.record));
      expect(left).toBeGreaterThan(dayMs - 60_000);
      expect(left).toBeLessThanOrEqual(dayMs);
    });

    it.each([undefined, Number.POSITIVE_INFINITY, 1e300])(
      "keeps an entry for good when it expires at %s",
      async (expireAt) => {
        const storage = patientStorage({ client: owned.client });
        await storage.delete("k", { version: "gone" });
        await storage.compareAndSwap("k", "gone", bytes("one"), {
          version: "v1",
          ...(expireAt && { expireAt }),
        });
        expect(await tell(server, "PTTL", names.record)).toBe(-1);
      },
    );

    it("answers a repeated deletion as it answered the first", async () => {
      const storage = patientStorage({ client: owned.client });
      expect(await storage.delete("k", { version: "gone-1" })).toBe(false);
      expect(await storage.delete("k", { version: "gone-1" })).toBe(false);
      await storage.compareAndSwap("k", "gone-1", bytes("one"), { version: "v1" });
      expect(await storage.delete("k", { version: "gone-2" })).toBe(true);
      expect(await storage.delete("k", { version: "gone-2" })).toBe(true);
    });

    it("does not bury what was written since, when a deletion that worked is repeated", async () => {
      const storage = patientStorage({ client: owned.client });
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      await storage.delete("k", { version: "gone" });
      await storage.compareAndSwap("k", "gone", bytes("two"), { version: "v2" });
      expect(await storage.delete("k", { version: "gone" })).toBe(true);
      expect((await storage.get("k"))?.version).toBe("v2");
    });

    it("leaves no bytes of a deleted entry behind", async () => {
      const storage = patientStorage({ client: owned.client });
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      await storage.delete("k", { version: "gone" });
      expect(await tell(server, "HKEYS", names.record)).toEqual(expect.arrayContaining(["v", "t", "w"]));
      expect(await tell(server, "HLEN", names.record)).toBe(3);
    });

    it("keeps storages of different prefixes apart", async () => {
      const one = patientStorage({ client: owned.client, prefix: "app" });
      const other = patientStorage({ client: owned.client, prefix: "app:2" });
      await one.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      expect(await other.get("k")).toBeNull();
      expect(await listedKeys(other)).toEqual([]);
      expect(await listedKeys(one)).toEqual(["k"]);
    });

    it("says that something else is stored under its key, and leaves that alone", async () => {
      const storage = patientStorage({ client: owned.client });
      const theirs = {
        code: "storage_failed",
        action: "fix_config",
        message: expect.stringContaining("WRONGTYPE"),
      };
      for (const name of [names.record, names.lease]) await tell(server, "SET", name, "theirs");
      await expect(storage.get("k")).rejects.toMatchObject(theirs);
      await expect(storage.compareAndSwap("k", null, bytes("one"), { version: "v1" })).rejects.toMatchObject(
        theirs,
      );
      await expect(storage.delete("k")).rejects.toMatchObject(theirs);
      await expect(storage.tryLease("k", { owner: "alice", ttlMs: 1_000 })).rejects.toMatchObject(theirs);
      expect(await tell(server, "GET", names.record)).toBe("theirs");
    });

    it("ignores foreign keys of such a name when it lists", async () => {
      const storage = patientStorage({ client: owned.client });
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      await tell(server, "SET", "bb:{theirs}:rec", "theirs");
      expect(await listedKeys(storage)).toEqual(["k"]);
    });

    it("says that Redis is full, and keeps the old record", async () => {
      const storage = patientStorage({ client: owned.client });
      const full = { code: "storage_failed", action: "fix_config", message: expect.stringContaining("OOM") };
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      await tell(server, "CONFIG", "SET", "maxmemory", "1");
      await expect(storage.compareAndSwap("k", "v1", bytes("two"), { version: "v2" })).rejects.toMatchObject(
        full,
      );
      await expect(storage.delete("k")).rejects.toMatchObject(full);
      await expect(storage.tryLease("k", { owner: "alice", ttlMs: 1_000 })).rejects.toMatchObject(full);
      expect(await storage.get("k")).toEqual({ bytes: bytes("one"), version: "v1" });
      await tell(server, "CONFIG", "SET", "maxmemory", "0");
      expect(await storage.tryLease("k", { owner: "bob", ttlMs: 1_000 })).not.toBeNull();
    });

    it("says that it reached a replica, from which it can read", async () => {
      const storage = patientStorage({ client: owned.client });
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      const replica = await startReplica(server);
      const reader = await connect(replica);
      try {
        const onReplica = patientStorage({ client: reader.client });
        const readOnly = {
          code: "storage_failed",
          action: "retry",
          message: expect.stringContaining("READONLY"),
        };
        expect((await onReplica.get("k"))?.version).toBe("v1");
        await expect(
          onReplica.compareAndSwap("k", "v1", bytes("two"), { version: "v2" }),
        ).rejects.toMatchObject(readOnly);
        await expect(onReplica.tryLease("k", { owner: "alice", ttlMs: 1_000 })).rejects.toMatchObject(
          readOnly,
        );
      } finally {
        reader.end();
        await replica.stop();
      }
    });

    it("says that it is not allowed to run scripts", async () => {
      await tell(server, "ACL", "SETUSER", "default", "-evalsha");
      try {
        const storage = patientStorage({ client: owned.client });
        await expect(storage.delete("k")).rejects.toMatchObject({
          action: "fix_config",
          message: expect.stringContaining("NOPERM"),
        });
      } finally {
        await tell(server, "ACL", "SETUSER", "default", "+@all");
      }
    });

    it.each(["-set", "-hset", "-pexpire"])(
      "leaves no lease without an end when it has the right %s",
      async (right) => {
        await tell(server, "ACL", "SETUSER", "default", right);
        try {
          const storage = patientStorage({ client: owned.client });
          await expect(leaseOf(storage)).rejects.toMatchObject({ action: "fix_config" });
          expect(await tell(server, "EXISTS", names.lease)).toBe(0);
        } finally {
          await tell(server, "ACL", "SETUSER", "default", "+@all");
        }
      },
    );

    it("writes although it may not publish", async () => {
      await tell(server, "ACL", "SETUSER", "default", "resetchannels");
      try {
        const storage = patientStorage({ client: owned.client, watch: true });
        expect(await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" })).toEqual({
          ok: true,
        });
        expect((await storage.get("k"))?.version).toBe("v1");
      } finally {
        await tell(server, "ACL", "SETUSER", "default", "allchannels");
      }
    });

    it("warns once, after the first write, of a Redis that may drop grants", async () => {
      const warnings: string[] = [];
      await tell(server, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
      const storage = patientStorage({
        client: owned.client,
        onWarning: ({ code }) => warnings.push(code),
      });
      await storage.get("k");
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      await until("the warning", () => warnings.length > 0);
      await storage.compareAndSwap("k", "v1", bytes("two"), { version: "v2" });
      await listedKeys(storage);
      await tell(server, "CONFIG", "SET", "maxmemory-policy", "noeviction");
      expect(warnings).toEqual(["may_evict"]);
    });

    it("leaves the caller's connection open when it closes, and rejects from then on", async () => {
      const storage = patientStorage({ client: owned.client });
      await storage.close();
      const closed = { code: "storage_failed", action: "fix_config" };
      await expect(storage.get("k")).rejects.toMatchObject(closed);
      await expect(storage.delete("k")).rejects.toMatchObject(closed);
      expect(await patientStorage({ client: owned.client }).get("k")).toBeNull();
    });

    it("opens a second connection only to watch, and ends that one", async () => {
      const clients = async (): Promise<number> =>
        String(await tell(server, "CLIENT", "LIST"))
          .trim()
          .split("\n").length;
      const before = await clients();
      const storage = patientStorage({ client: owned.client, watch: true });
      await storage.get("k");
      expect(await clients()).toBe(before);
      let notices = 0;
      storage.watch?.("k", () => (notices += 1));
      for (let version = 1; notices === 0; version += 1) {
        await storage.compareAndSwap("k", version === 1 ? null : `v${version - 1}`, bytes("one"), {
          version: `v${version}`,
        });
      }
      expect(await clients()).toBe(before + 1);
      await storage.close();
      expect(await clients()).toBe(before);
    });
  });

  it("says how to connect a client that is not connected", async () => {
    const storage = createRedisStorage({
      client: createClient({ url: "redis://app:secret-word@127.0.0.1:1" }),
    });
    const failure: unknown = await storage.get("k").catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "storage_failed",
      action: "fix_config",
      message: expect.stringContaining("connect()"),
    });
    expect(String(failure)).not.toContain("secret-word");
  });
});

describe("createRedisStorage() options", () => {
  const client = createClient();

  it.each([[], [null], [5], ["redis://127.0.0.1"], [{}], [client]])(
    "asks for a client when it is given %s",
    (...given) => {
      expect(() => Reflect.apply(createRedisStorage, undefined, given)).toThrow(
        expect.objectContaining({
          code: "invalid_options",
          message: expect.stringContaining("createRedisStorage({ client })"),
        }),
      );
    },
  );

  it.each([
    ["a deadline of nothing", { deadlineMs: 0 }],
    ["a wait for no replica", { persist: { waitReplicas: 0, timeoutMs: 100 } }],
    ["a wait for ever", { persist: { waitReplicas: 1, timeoutMs: 0 } }],
    ["a wait as long as one of two tries", { persist: { waitReplicas: 1, timeoutMs: 1_000 } }],
    ["half a millisecond", { persist: { waitReplicas: 1, timeoutMs: 0.5 } }],
    ["a prefix with braces", { prefix: "{bb}" }],
    ["a prefix of nothing", { prefix: "" }],
  ])("refuses %s", (_, options) => {
    expect(() => createRedisStorage({ client, ...options })).toThrow(
      expect.objectContaining({ code: "invalid_options" }),
    );
  });

  it("promises what Redis can keep", () => {
    expect(createRedisStorage({ client }).caps).toEqual({
      lease: "distributed",
      watch: false,
      list: true,
      durable: true,
    });
    expect(createRedisStorage({ client, watch: true }).caps.watch).toBe(true);
  });
});
