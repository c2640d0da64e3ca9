import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBitbucketAuth, type TokenStorage } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import { createRedisStorage } from "@bitbucket-auth/storage-redis";
import { createClient } from "redis";
import type { Connection } from "../client.ts";
import type { ClientName } from "../clients.ts";

/** Whether there is a Redis to share. */
export const hasRedis: boolean = spawnSync("redis-server", ["--version"]).status === 0;

/** Lends a place in which the grant lies for several processes, as this client keeps it, and clears it away. */
export async function withSharedPlace<T>(
  name: ClientName,
  grant: Connection,
  use: (place: Connection["place"]) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "bitbucket-auth-rivals-"));
  const encryptionKey = randomBytes(32).toString("base64");
  try {
    if (name === "bitbucket-auth-file") {
      await signIn(grant, createFileStorage({ directory, logging: false }), encryptionKey);
      return await use({ directory, encryptionKey });
    }
    if (name === "bitbucket-auth-redis") return await useRedis(directory, grant, encryptionKey, use);
    const file = join(directory, "tokens.json");
    const { accessToken, refreshToken, expiresAt } = grant;
    await writeFile(file, JSON.stringify({ accessToken, refreshToken, expiresAt }));
    return await use({ file });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function useRedis<T>(
  directory: string,
  grant: Connection,
  encryptionKey: string,
  use: (place: Connection["place"]) => Promise<T>,
): Promise<T> {
  const socket = join(directory, "redis.sock");
  const server = spawn("redis-server", [
    "--port",
    "0",
    "--unixsocket",
    socket,
    "--save",
    "",
    "--dir",
    directory,
  ]);
  try {
    let log = "";
    for await (const chunk of server.stdout) {
      log += String(chunk);
      if (/ready to accept connections/i.test(log)) break;
    }
    const redis = createClient({ socket: { path: socket, tls: false } });
    await redis.connect();
    await signIn(grant, createRedisStorage({ client: redis, onWarning: () => undefined }), encryptionKey);
    redis.destroy();
    return await use({ socket, encryptionKey });
  } finally {
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  }
}

async function signIn(grant: Connection, storage: TokenStorage, encryptionKey: string): Promise<void> {
  const { clientId, clientSecret, origin, tokenUrl, ...tokens } = grant;
  const auth = createBitbucketAuth({
    clientId,
    clientSecret,
    endpoints: { tokenUrl, apiUrl: origin },
    storage,
    encryption: { current: "k1", keys: { k1: Buffer.from(encryptionKey, "base64") } },
    logging: false,
  });
  const { accessToken, refreshToken, expiresAt } = tokens;
  await auth.saveTokens("alice", { accessToken, refreshToken, expiresAt, tokenType: "bearer" });
  await auth.close();
  await storage.close();
}
