export type { RedisStorageWarning } from "./eviction-warning.js";
export type { IoredisClient, IoredisCluster } from "./ioredis-client.js";
export type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisPool,
  NodeRedisSentinel,
} from "./node-redis-client.js";
export type { RedisClient } from "./redis-client.js";
export { createRedisStorage, type RedisStorageOptions } from "./redis-storage.js";
export type { PersistOptions } from "./replica-wait.js";
