import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasRedisServer, startRedisServer } from "./redis-server.ts";
import { sqlDatabases, withSqlDatabase, type SqlDatabaseName } from "./sql-database.ts";

/** A module whose processes keep tokens where the settings say. */
export const storageWorker: URL = new URL("storage-worker.ts", import.meta.url);

/** What `storageWorker` is told: where tokens are kept. */
export type StorageSettings = Readonly<Record<string, string>>;

type FileOrRedis = "file" | "node-redis" | "ioredis";
export type StormStorageName = FileOrRedis | SqlDatabaseName;

/** The storages but SQL that can be tried on this machine. Databases have storms of their own. */
export const stormStorages: readonly FileOrRedis[] = hasRedisServer
  ? ["file", "node-redis", "ioredis"]
  : ["file"];

/** Those, each storage once. */
export const storagesOnce: readonly FileOrRedis[] = stormStorages.filter((name) => name !== "ioredis");

/** The same for `npm test`: loading ioredis takes half of what node-redis takes, in every process. The long suite has node-redis. */
export const quickStoragesOnce: readonly FileOrRedis[] = stormStorages.filter(
  (name) => name !== "node-redis",
);

/** Lends an empty place for tokens that every process can share, and clears it away. */
export async function withStormStorage<T>(
  name: StormStorageName,
  use: (settings: StorageSettings) => Promise<T>,
): Promise<T> {
  const encryptionKey = randomBytes(32).toString("base64");
  if (isSql(name)) return withSqlDatabase(name, ({ settings }) => use({ ...settings, encryptionKey }));
  if (name === "file") {
    const directory = await mkdtemp(join(tmpdir(), "bitbucket-auth-storm-"));
    try {
      return await use({ directory, encryptionKey });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  const server = await startRedisServer();
  try {
    return await use({ redis: server.path, library: name, encryptionKey });
  } finally {
    await server.stop();
  }
}

function isSql(name: StormStorageName): name is SqlDatabaseName {
  return sqlDatabases.some((each) => each === name);
}
