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

/** Tells what kind of client this is, by the calls it has, and how to talk to it. */
export function connectionOf(client: RedisClient | undefined): RedisConnection {
  if (typeof client !== "object" || client === null) throw unknownClient();
  if ("pipeline" in client)
    return "nodes" in client ? ioredisClusterConnection(client) : ioredisConnection(client);
  if ("nodeClient" in client) return nodeRedisClusterConnection(client);
  if ("use" in client) return nodeRedisSentinelConnection(client);
  if ("execute" in client) return nodeRedisPoolConnection(client);
  if ("sendCommand" in client) return nodeRedisConnection(client);
  throw unknownClient();
}

function unknownClient(): InvalidOptionsError {
  return new InvalidOptionsError(
    "createRedisStorage({ client }) needs a client of node-redis or ioredis: what `createClient()` or `new Redis()` gave you.",
  );
}
