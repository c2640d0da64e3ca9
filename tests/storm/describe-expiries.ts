import { runStorm } from "@bitbucket-auth/testing/storm";
import { describe, expect, it } from "vitest";
import { storageWorker, stormStorages, withStormStorage, type StormStorageName } from "./storm-storage.ts";

/** How big the storm is on a storage. */
export interface StormSize {
  readonly processes: number;
  readonly callers: number;
  readonly expiries: number;
}

/** Registers a storm of that size for each storage of this machine. */
export function describeExpiries(
  sizes: Readonly<Record<Extract<StormStorageName, "file" | "node-redis" | "ioredis">, StormSize>>,
): void {
  describe.each(stormStorages)("processes on %s", (name) => {
    it(
      "send one request per expiry, all together, and serve every caller",
      { timeout: 180_000 },
      async () => {
        const { processes, callers, expiries } = sizes[name];

        const storm = await withStormStorage(name, (settings) =>
          runStorm({ worker: storageWorker, settings, processes, callers, expiries, profile: "strict" }),
        );

        expect(storm).toMatchObject({
          tokenRequests: expiries,
          reuse: 0,
          grantsLost: 0,
          served: processes * callers * expiries,
          failed: 0,
          unhandledRejections: 0,
        });
      },
    );
  });
}
