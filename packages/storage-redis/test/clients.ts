import { Cluster, Redis } from "ioredis";
import { createClient, createCluster } from "redis";
import type { RedisClient } from "../src/index.ts";
import type { RedisServer } from "./redis-server.ts";

/** A client as a user of the package would make it, and how that user ends it. */
export interface OwnedClient {
  readonly client: RedisClient;
  end(): unknown;
}

const host = "127.0.0.1";

/** `createClient()` of node-redis, connected to one server. */
export async function nodeRedis({ port }: Pick<RedisServer, "port">): Promise<OwnedClient> {
  const client = createClient({ socket: { host, port, reconnectStrategy: 20 } });
  client.on("error", () => undefined);
  await client.connect();
  return { client, end: () => client.destroy() };
}

/** `new Redis()` of ioredis, connected to one server. */
export async function ioredis({ port }: Pick<RedisServer, "port">): Promise<OwnedClient> {
  const client = new Redis({ host, port, retryStrategy: () => 20 });
  client.on("error", () => undefined);
  await client.ping();
  return { client, end: () => client.disconnect() };
}

/** `createCluster()` of node-redis, connected. */
export async function nodeRedisCluster(servers: readonly RedisServer[]): Promise<OwnedClient> {
  const client = createCluster({ rootNodes: servers.map(({ port }) => ({ socket: { host, port } })) });
  client.on("error", () => undefined);
  await client.connect();
  return { client, end: () => client.destroy() };
}

/** `new Cluster()` of ioredis. */
export async function ioredisCluster(servers: readonly RedisServer[]): Promise<OwnedClient> {
  const client = new Cluster(servers.map(({ port }) => ({ host, port })));
  client.on("error", () => undefined);
  await client.ping();
  return { client, end: () => client.disconnect() };
}
