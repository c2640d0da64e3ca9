import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EncryptionOptions, TokenStorage } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import { createRedisStorage } from "@bitbucket-auth/storage-redis";
import { createSqlStorage, createTables, type SqlClient } from "@bitbucket-auth/storage-sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import { createClient } from "redis";
import type { Settings } from "./settings.ts";

/** Where tokens are kept, and under which key. */
export interface OpenStorage {
  readonly storage: TokenStorage;
  /** Absent: the file storage makes a key of its own. */
  readonly encryption?: EncryptionOptions;
  /** For the operator who starts the app. */
  readonly description: string;
  close(): Promise<void>;
}

/** Redis or a database where there is one; else files, which for a fake Bitbucket are gone with the app. */
export async function openStorage(
  { redisUrl, databaseUrl, tokenKey }: Pick<Settings, "redisUrl" | "databaseUrl" | "tokenKey">,
  { isFake }: { readonly isFake: boolean },
): Promise<OpenStorage> {
  const key = tokenKey ?? (isFake ? new Uint8Array(randomBytes(32)) : undefined);
  const encryption = key && { current: "k1", keys: { k1: key } };
  if (redisUrl !== undefined) {
    if (!encryption) throw new Error("With REDIS_URL, TOKEN_KEY is needed: openssl rand -base64 32");
    return openRedis(redisUrl, encryption);
  }
  if (databaseUrl !== undefined) {
    if (!encryption) throw new Error("With DATABASE_URL, TOKEN_KEY is needed: openssl rand -base64 32");
    return openDatabase(databaseUrl, encryption);
  }
  if (!isFake) {
    const storage = createFileStorage({ appName: "bitbucket-auth-express-app" });
    return {
      storage,
      ...(encryption && { encryption }),
      description: "files of yours",
      close: async () => undefined,
    };
  }
  const directory = await mkdtemp(join(tmpdir(), `express-app-${process.pid}-`));
  return {
    storage: createFileStorage({ directory }),
    ...(encryption && { encryption }),
    description: "files that are gone when this ends",
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

async function openRedis(url: string, encryption: EncryptionOptions): Promise<OpenStorage> {
  const client = createClient({ url });
  client.on("error", (error: Error) => console.error(`Redis: ${error.message}`));
  await client.connect();
  return {
    storage: createRedisStorage({ client }),
    encryption,
    description: "Redis",
    close: async () => client.destroy(),
  };
}

async function openDatabase(url: string, encryption: EncryptionOptions): Promise<OpenStorage> {
  const { client, end } = connectTo(url);
  await createTables({ client });
  return { storage: createSqlStorage({ client }), encryption, description: "a SQL database", close: end };
}

function connectTo(url: string): { client: SqlClient; end(): Promise<void> } {
  if (url.startsWith("mysql:")) {
    const client = createPool(url);
    return { client, end: () => client.end() };
  }
  const client = new Pool({ connectionString: url });
  client.on("error", (error) => console.error(`PostgreSQL: ${error.message}`));
  return { client, end: () => client.end() };
}
