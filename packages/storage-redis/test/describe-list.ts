import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRedisStorage } from "../src/index.ts";
import type { nodeRedisCluster } from "./clients.ts";
import { listedKeys } from "./listed-keys.ts";
import { hasRedisServer } from "./redis-server.ts";
import { startRedisCluster, type RedisGroup } from "./redis-topologies.ts";

/** Registers that a list on a cluster is whole, over a client. */
export function describeList(connect: typeof nodeRedisCluster): void {
  describe.skipIf(!hasRedisServer())("list() on a cluster", () => {
    let cluster: RedisGroup;
    beforeAll(async () => {
      cluster = await startRedisCluster();
    });
    afterAll(() => cluster.stop());

    it("names 1,200 keys of three primaries once", async () => {
      const owned = await connect(cluster.servers);
      const storage = createRedisStorage({ client: owned.client, deadlineMs: 20_000 });
      const keys = Array.from({ length: 1_200 }, (_, index) => `key-${index}`);
      await Promise.all(
        keys.map((key) => storage.compareAndSwap(key, null, new Uint8Array([1]), { version: "v1" })),
      );
      expect((await listedKeys(storage)).toSorted()).toEqual(keys.toSorted());
      owned.end();
    });
  });
}
