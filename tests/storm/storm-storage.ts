import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasRedisServer, startRedisServer } from "./redis-server.ts";

/** A module whose processes keep tokens where the settings say. */
export const storageWorker: URL = new URL("storage-worker.ts", import.meta.url);

/** What `storageWorker` is told: where tokens are kept. */
export type StorageSettings = Readonly<Record<string, string>>;

export type StormStorageName = "file" | "node-redis" | "ioredis";

/** The storages that can be tried on this machine. */
export const stormStorages: readonly StormStorageName[] = hasRedisServer
  ? ["file", "node-redis", "ioredis"]
  : ["file"];

/** Those, each storage once. */
export const storagesOnce: readonly StormStorageName[] = stormStorages.filter((name) => name !== "ioredis");

/** Lends an empty place for tokens that every process can share, and clears it away. */
export async function withStormStorage<T>(
  name: StormStorageName,
  use: (settings: StorageSettings) => Promise<T>,
): Promise<T> {
  const encryptionKey = randomBytes(32).toString("base64");
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
