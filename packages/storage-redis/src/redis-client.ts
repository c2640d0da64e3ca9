import { InvalidOptionsError } from "@bitbucket-auth/core";
import {
  ioredisClusterConnection,
  ioredisConnection,
  type IoredisClient,
  type IoredisCluster,
} from "./ioredis-client.js";
import {
  nodeRedisClusterConnection,
  nodeRedisConnection,
  nodeRedisPoolConnection,
  nodeRedisSentinelConnection,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisPool,
  type NodeRedisSentinel,
} from "./node-redis-client.js";
import type { RedisConnection } from "./redis-connection.js";

/** A client that `createRedisStorage` can work with: of node-redis 5 or 6 (`redis`, `@redis/client`), or of ioredis 5 or 6. */
export type RedisClient =
  | NodeRedisClient
  | NodeRedisPool
  | NodeRedisSentinel
  | NodeRedisCluster
  | IoredisClient
  | IoredisCluster;

/** The connection of a client, whose kind is recognised by its members. Throws `InvalidOptionsError` for any other. */
export function connectionOf(client: RedisClient | undefined): RedisConnection {
  if (typeof client !== "object" || client === null) throw unsupportedClient();
  if ("pipeline" in client) {
    // The client of @upstash/redis has a pipeline too. It sends HTTP requests, and has neither options nor a connection.
    if (!("duplicate" in client) || typeof client.options !== "object") throw unsupportedClient();
    return "nodes" in client ? ioredisClusterConnection(client) : ioredisConnection(client);
  }
  if ("nodeClient" in client) return nodeRedisClusterConnection(client);
  if ("use" in client) return nodeRedisSentinelConnection(client);
  if ("execute" in client) return nodeRedisPoolConnection(client);
  if ("sendCommand" in client) return nodeRedisConnection(client);
  throw unsupportedClient();
}

function unsupportedClient(): InvalidOptionsError {
  return new InvalidOptionsError(
    "createRedisStorage({ client }) supports clients of node-redis 5 or 6 (`createClient()`, `createCluster()`, `createSentinel()`, " +
      "`createClientPool()`) and of ioredis 5 or 6 (`new Redis()`, `new Cluster()`). A client over HTTP, such as that of @upstash/redis, " +
      "is not supported: connect one of these to the TCP address of the same database.",
  );
}
