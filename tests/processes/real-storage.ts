import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TokenStorage } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import { createRedisStorage } from "@bitbucket-auth/storage-redis";
import { createClient } from "redis";
import { hasRedisServer, startRedisServer, type RedisServer } from "../storm/redis-server.ts";

/** A storage outside of this process, and what is in it as a thief would see it. */
export interface RealStorage {
  readonly storage: TokenStorage;
  /** All there is, in whatever form it is kept. */
  rawBytes(): Promise<Buffer>;
}

export type RealStorageName = "file" | "redis";

/** Those that can be tried on this machine. */
export const realStorages: readonly RealStorageName[] = hasRedisServer ? ["file", "redis"] : ["file"];

/** Lends an empty one and clears it away. */
export function withRealStorage<T>(
  name: RealStorageName,
  use: (real: RealStorage) => Promise<T>,
): Promise<T> {
  return name === "file" ? withFiles(use) : withRedis((real) => use(real));
}

async function withFiles<T>(use: (real: RealStorage) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "bitbucket-auth-files-"));
  const storage = createFileStorage({ directory, logging: false });
  try {
    return await use({ storage, rawBytes: () => everyFileIn(directory) });
  } finally {
    await storage.close();
    await rm(directory, { recursive: true, force: true });
  }
}

export type RedisConnection = ReturnType<typeof connectionTo>;

function connectionTo({ path }: RedisServer) {
  return createClient({ socket: { path, reconnectStrategy: 20 } });
}

/** The same on a Redis whose server a test may look into. It is waited for as long as a busy machine needs. */
export async function withRedis<T>(
  use: (real: RealStorage, server: RedisServer, client: RedisConnection) => Promise<T>,
  { deadlineMs = 9_000 } = {},
): Promise<T> {
  const server = await startRedisServer();
  const client = connectionTo(server);
  client.on("error", () => undefined);
  await client.connect();
  const storage = createRedisStorage({ client, deadlineMs, onWarning: () => undefined });
  const rawBytes = async (): Promise<Buffer> =>
    Buffer.concat([await everyFileIn(dirname(server.path)), ...(await everyKey(client))]);
  try {
    return await use({ storage, rawBytes }, server, client);
  } finally {
    client.destroy();
    await server.stop();
  }
}

/** Names and contents of all files below. */
async function everyFileIn(directory: string): Promise<Buffer> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Buffer.concat(
    await Promise.all(files.map(async (file) => Buffer.concat([Buffer.from(file), await readFile(file)]))),
  );
}

/** Names and contents of all keys. */
async function everyKey(client: RedisConnection): Promise<Buffer[]> {
  const names: string[] = [];
  for await (const found of client.scanIterator({ COUNT: 1_000 })) names.push(...found);
  return Promise.all(
    names.map(async (name) => {
      const type = await client.type(name);
      const content = type === "hash" ? Object.entries(await client.hGetAll(name)) : await client.get(name);
      return Buffer.from(`${name} ${JSON.stringify(content)}`);
    }),
  );
}
