import { runStorm } from "@bitbucket-auth/testing/storm";
import { expect, it } from "vitest";
import { storageWorker, stormStorages, withStormStorage } from "./storm-storage.ts";

const sizes = {
  file: { processes: 8, callers: 20, expiries: 50 },
  "node-redis": { processes: 8, callers: 20, expiries: 50 },
  ioredis: { processes: 4, callers: 20, expiries: 10 },
};

it.each(stormStorages)(
  "sends one request per expiry for all processes and serves every caller: %s",
  async (name) => {
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
  180_000,
);
