import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createRedisStorage } from "../src/index.ts";
import type { RedisConnection, Send } from "../src/redis-connection.ts";
import { redisKeys } from "../src/redis-keys.ts";
import { listRecords } from "../src/redis-scan.ts";
import { ioredisCluster, nodeRedisCluster } from "./clients.ts";
import { listedKeys } from "./listed-keys.ts";
import { hasRedisServer } from "./redis-server.ts";
import { startRedisCluster, tell, type RedisGroup } from "./redis-topologies.ts";

describe("listRecords()", () => {
  const signal = new AbortController().signal;
  /** Primaries that answer SCAN with these pages, and each record with its own name in upper case. */
  const pagesOf = (...primaries: string[][][]): Pick<RedisConnection, "keyPrefix" | "primaries" | "to"> => ({
    keyPrefix: "app:",
    primaries: async () =>
      primaries.map((pages): Send => async ([, cursor]) => {
        const page = Number(cursor);
        return [
          Buffer.from(String((page + 1) % pages.length)),
          pages[page]?.map((name) => Buffer.from(name)),
        ];
      }),
    to: (name) => async (command) =>
      command[1] === name && !name.startsWith("dead") ? name.toUpperCase() : null,
  });
  const list = async (connection: ReturnType<typeof pagesOf>, start: string): Promise<string[]> => {
    const found: string[] = [];
    const keys = redisKeys("bb", "app:");
    for await (const key of listRecords(connection, keys, start, (run) => run(signal))) found.push(key);
    return found;
  };

  it("reads every page of every primary and names each key once", async () => {
    const connection = pagesOf([["app:a", "app:b"], [], ["app:b", "app:c"]], [["app:c"], ["app:d"]]);
    expect(await list(connection, "")).toEqual(["A", "B", "C", "D"]);
  });

  it("leaves out what was deleted or starts otherwise", async () => {
    expect(await list(pagesOf([["app:a1", "app:dead", "app:b"]]), "A")).toEqual(["A1"]);
  });
});

describe.skipIf(!hasRedisServer())("list() on a cluster", () => {
  let cluster: RedisGroup;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterEach(() => Promise.all(cluster.servers.map((server) => tell(server, "FLUSHALL"))));
  afterAll(() => cluster.stop());

  it.each([
    ["node-redis", nodeRedisCluster],
    ["ioredis", ioredisCluster],
  ])("names 1,200 keys of three primaries once over %s", async (_, connect) => {
    const owned = await connect(cluster.servers);
    const storage = createRedisStorage({ client: owned.client, deadlineMs: 20_000 });
    const keys = Array.from({ length: 1_200 }, (__, index) => `key-${index}`);
    await Promise.all(
      keys.map((key) => storage.compareAndSwap(key, null, new Uint8Array([1]), { version: "v1" })),
    );
    expect((await listedKeys(storage)).toSorted()).toEqual(keys.toSorted());
    owned.end();
  });
});
