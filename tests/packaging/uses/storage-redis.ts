import { InvalidOptionsError, type TokenStorage } from "@bitbucket-auth/core";
import { createRedisStorage, type RedisClient } from "@bitbucket-auth/storage-redis";

/** What a program with a connected client says. */
export function storageOn(client: RedisClient): TokenStorage {
  return createRedisStorage({ client });
}

try {
  misuse();
  throw new Error("Nothing passed for a client");
} catch (error) {
  if (!(error instanceof InvalidOptionsError)) throw error;
}

/** What the types refuse, and the program too. */
function misuse(): TokenStorage {
  // @ts-expect-error a client is an object with calls
  return createRedisStorage({ client: {} });
}
