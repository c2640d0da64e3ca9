import { describe, expect, it } from "vitest";
import type { RedisConnection, Send } from "../src/redis-connection.ts";
import { redisKeys } from "../src/redis-keys.ts";
import { listRecords } from "../src/redis-scan.ts";
import { nodeRedisCluster } from "./clients.ts";
import { describeList } from "./describe-list.ts";

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

// The long suite has ioredis.
describeList(nodeRedisCluster);
