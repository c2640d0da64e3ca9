import type { TokenStorage } from "@bitbucket-auth/core";
import { createRedisStorage, type RedisStorageOptions } from "../src/index.ts";

/** A storage whose deadline no busy machine comes near, for whatever is not about deadlines. A try has half of it. */
export function patientStorage(options: RedisStorageOptions): TokenStorage {
  return createRedisStorage({ deadlineMs: 80_000, ...options });
}

/** As `persist` waits for a replica that is sure to confirm, whenever that may be. */
export const patientPersist = { waitReplicas: 1, timeoutMs: 30_000 };
