import { describe, expect, it } from "vitest";
import { warnAboutEviction, type RedisStorageWarning } from "../src/eviction-warning.ts";
import type { RedisConnection } from "../src/redis-connection.ts";

type Asked = Pick<RedisConnection, "primaries">;

const servers = (...policies: (string | Error)[]): Asked => ({
  primaries: async () =>
    policies.map((policy) => async () => {
      if (policy instanceof Error) throw policy;
      return Buffer.from(`# Memory\r\nused_memory:1\r\nmaxmemory_policy:${policy}\r\n`);
    }),
});

async function warningsOf(connection: Asked): Promise<readonly RedisStorageWarning[]> {
  const warnings: RedisStorageWarning[] = [];
  await warnAboutEviction(connection, (warning) => warnings.push(warning));
  return warnings;
}

describe("warnAboutEviction()", () => {
  it("does not warn of a Redis that evicts nothing", async () => {
    expect(await warningsOf(servers("noeviction", "noeviction"))).toEqual([]);
  });

  it.each(["volatile-lru", "allkeys-random", "volatile-ttl"])("warns of %s", async (policy) => {
    expect(await warningsOf(servers(policy))).toEqual([
      expect.objectContaining({
        code: "may_evict",
        level: "warning",
        message: expect.stringContaining(policy),
      }),
    ]);
  });

  it("warns once when one node of a cluster may drop grants", async () => {
    expect(await warningsOf(servers("noeviction", "allkeys-lru", "allkeys-lru"))).toHaveLength(1);
  });

  it("only notes that it may not ask", async () => {
    const denied = servers(new Error("NOPERM User app has no permissions to run the 'info' command"));
    expect(await warningsOf(denied)).toEqual([
      expect.objectContaining({ code: "eviction_unknown", level: "info" }),
    ]);
  });

  it("only notes that no server can be asked", async () => {
    const gone: Asked = { primaries: () => Promise.reject(new Error("Socket closed unexpectedly")) };
    expect(await warningsOf(gone)).toEqual([expect.objectContaining({ level: "info" })]);
  });
});
