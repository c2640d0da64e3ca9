import { createBitbucketAuth, type TokenStorage } from "@bitbucket-auth/core";
import type { CreateStormClient } from "@bitbucket-auth/testing/storm";

interface OpenStorage {
  readonly storage: TokenStorage;
  end(): Promise<void>;
}

/** The storage that the settings of the storm ask for, as a program of the user would open it. Loads nothing else. */
async function openStorage(settings: Readonly<Record<string, string>>): Promise<OpenStorage> {
  const { directory, redis: path = "", library, deadlineMs = "9000" } = settings;
  if (directory !== undefined) {
    const { createFileStorage } = await import("@bitbucket-auth/storage-file");
    const storage = createFileStorage({ directory, logging: false });
    return { storage, end: () => storage.close() };
  }
  if (settings["sql"] !== undefined) {
    const { openSql } = await import("./open-sql.ts");
    return openSql(settings);
  }
  const { createRedisStorage } = await import("@bitbucket-auth/storage-redis");
  const options = { deadlineMs: Number(deadlineMs), onWarning: () => undefined };
  if (library === "ioredis") {
    const { Redis } = await import("ioredis");
    const client = new Redis(path, { retryStrategy: () => 20 });
    client.on("error", () => undefined);
    const storage = createRedisStorage({ client, ...options });
    return { storage, end: async () => client.disconnect() };
  }
  const redis = await import("redis");
  const client = redis.createClient({ socket: { path, reconnectStrategy: 20 } });
  client.on("error", () => undefined);
  await client.connect();
  const storage = createRedisStorage({ client, ...options });
  return { storage, end: async () => client.destroy() };
}

/** The same storage, telling the storm how often a lease was asked for while somebody else held it. */
function countingRefusals(storage: TokenStorage, count: (name: string) => void): TokenStorage {
  return {
    ...storage,
    async tryLease(key, options) {
      const lease = await storage.tryLease(key, options);
      if (lease === null) count("leaseRefused");
      return lease;
    },
  };
}

export const createClient: CreateStormClient = async ({ clientOptions, atPoints, settings, count }) => {
  const { storage, end } = await openStorage(settings);
  const { encryptionKey = "", timeoutMs = "10000" } = settings;
  const { leaseMs = "30000", contentionMs = "60000", rereadMs = "1000" } = settings;
  const auth = createBitbucketAuth({
    ...clientOptions,
    storage: atPoints(countingRefusals(storage, count)),
    encryption: { current: "k1", keys: { k1: Buffer.from(encryptionKey, "base64") } },
    timeoutMs: Number(timeoutMs),
    refresh: {
      leaseMs: Number(leaseMs),
      contentionMs: Number(contentionMs),
      rereadMs: Number(rereadMs),
      pollMs: [10, 50],
    },
  });
  for (const event of ["refreshed", "leaseLost", "siblingMerged", "conflict", "storageFailed"] as const)
    auth.on(event, () => count(event));
  return {
    getAccessToken: (account) => auth.getAccessToken(account),
    saveTokens: (account, tokens) => auth.saveTokens(account, tokens),
    async close() {
      await auth.close();
      await end();
    },
  };
};
