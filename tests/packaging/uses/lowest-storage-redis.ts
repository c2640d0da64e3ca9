import { createBitbucketAuth, type BitbucketAuth } from "@bitbucket-auth/core";
import { createRedisStorage, type RedisClient } from "@bitbucket-auth/storage-redis";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { assertNoRefreshTokenReuse, assertRefreshed } from "@bitbucket-auth/testing/node";
import ioredis from "ioredis";
import { createClient } from "redis";

const path = process.env["REDIS_SOCKET"] ?? "";

async function openNodeRedis(): Promise<{ client: RedisClient; end(): unknown }> {
  const client = createClient({ socket: { path, tls: false } });
  client.on("error", () => undefined);
  await client.connect();
  return { client, end: () => client.destroy() };
}

async function openIoredis(): Promise<{ client: RedisClient; end(): unknown }> {
  const client = new ioredis.default({ path });
  return { client, end: () => client.disconnect() };
}

/** Two processes, as far as Redis can tell, whose callers meet at an expired grant. */
async function refreshTogether(prefix: string, open: typeof openNodeRedis): Promise<void> {
  const mock = createBitbucketMock({ profile: "strict" });
  const { clientOptions, tokens } = mock.issueGrant();
  const owned = await Promise.all([open(), open()]);
  // Note: far longer than the machine could be busy.
  const storages = owned.map(({ client }) =>
    createRedisStorage({ client, prefix, watch: true, deadlineMs: 60_000 }),
  );
  const auths: BitbucketAuth[] = storages.map((storage) =>
    createBitbucketAuth({
      ...clientOptions,
      fetch: mock.fetch,
      clock: mock.clock,
      logging: false,
      storage,
      encryption: { current: "k1", keys: { k1: new Uint8Array(32) } },
    }),
  );
  const [first] = auths;
  await first?.saveTokens("alice", tokens);
  await mock.clock.advance("2h");
  const callers = Array.from({ length: 10 }, () => auths.map((auth) => auth.getAccessToken("alice"))).flat();
  const served = new Set(await Promise.all(callers));
  if (served.size !== 1 || served.has(tokens.accessToken))
    throw new Error(`${prefix}: ${served.size} tokens`);
  assertRefreshed(mock, 1);
  assertNoRefreshTokenReuse(mock);

  await first?.signOut("alice");
  const code = await first?.getAccessToken("alice").catch((error: { code?: string }) => error.code);
  if (code !== "signed_out") throw new Error(`${prefix}: signed out and still served`);
  for (const auth of auths) await auth.close();
  for (const storage of storages) await storage.close?.();
  for (const { end } of owned) await end();
}

await refreshTogether("node-redis", openNodeRedis);
await refreshTogether("ioredis", openIoredis);
