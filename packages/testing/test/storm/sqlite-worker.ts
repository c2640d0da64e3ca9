import { createBitbucketAuth, type TokenStorage } from "@bitbucket-auth/core";
import type { CreateStormClient } from "@bitbucket-auth/testing/storm";

// node:sqlite says of itself that it is experimental, once per process.
process.removeAllListeners("warning");
const { createSqliteStorage } = await import("../storage-contract/sqlite-storage.ts");

/** Opening a database that another process is opening, or was killed in, fails for a moment whatever its timeout. */
async function opened(file: string): Promise<TokenStorage> {
  for (let tries = 1; ; tries++) {
    try {
      return createSqliteStorage(file);
    } catch (error) {
      if (tries === 500) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** A lease that every caller gets. */
const excludingNone = (storage: TokenStorage): TokenStorage => ({
  ...storage,
  tryLease: async () => ({ fence: 1, renew: async () => true, release: async () => undefined }),
});

/** A third party's storage in every process; `settings.lease: "lies"` breaks it. */
export const createClient: CreateStormClient = async ({ clientOptions, atPoints, settings, count }) => {
  const { file = "", lease } = settings;
  const storage = await opened(file);
  // Short, so that what a killed process held is free again soon. Where every caller gets the lease nothing has to lapse, and a
  // request that a test holds back must not be given up meanwhile.
  const times =
    lease === "lies" ? { timeoutMs: 40_000, leaseMs: 41_000 } : { timeoutMs: 5_000, leaseMs: 6_000 };
  const auth = createBitbucketAuth({
    ...clientOptions,
    storage: atPoints(lease === "lies" ? excludingNone(storage) : storage),
    encryption: "none",
    timeoutMs: times.timeoutMs,
    refresh: { leaseMs: times.leaseMs, pollMs: [10, 50], rereadMs: 0 },
  });
  auth.on("refreshed", () => count("refreshed"));
  return auth;
};
