import type { TokenStorage } from "@bitbucket-auth/core";
import { createRedisStorage } from "@bitbucket-auth/storage-redis";
import { createClient } from "redis";

/** For `openInProcess()`: the storage under a prefix of a server that another process has started. */
export default async function openRedisStorage(place: string): Promise<TokenStorage> {
  const { port, prefix }: { port: number; prefix: string } = JSON.parse(place);
  const client = await createClient({ socket: { host: "127.0.0.1", port } }).connect();
  return createRedisStorage({ client, prefix, deadlineMs: 80_000 });
}
