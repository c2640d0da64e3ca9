import { runStorm } from "@bitbucket-auth/testing/storm";
import { describe, expect, it } from "vitest";
import type { SqlDatabaseName } from "./sql-database.ts";
import { storageWorker, withStormStorage } from "./storm-storage.ts";

const crowd = { processes: 3, callers: 8, expiries: 3 };
const timeoutMs = 180_000;

/** Registers a small storm on each of these databases. */
export function describeSqlStorms(databases: readonly SqlDatabaseName[]): void {
  describe.each(databases)("a storm on %s", (name) => {
    it(
      "sends one request per expiry for all processes and serves every caller",
      async () => {
        const storm = await withStormStorage(name, (settings) =>
          runStorm({ ...crowd, worker: storageWorker, settings, profile: "strict" }),
        );

        expect(storm).toMatchObject({
          tokenRequests: crowd.expiries,
          reuse: 0,
          grantsLost: 0,
          served: crowd.processes * crowd.callers * crowd.expiries,
          failed: 0,
          unhandledRejections: 0,
        });
      },
      timeoutMs,
    );
  });
}
