import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createRedisStorage } from "@bitbucket-auth/storage-redis";
import { createClient } from "redis";
import type { Client } from "../client.ts";

/** Ours, with tokens in a Redis that other processes share. */
export const client: Client = {
  async keep({ clientId, clientSecret, origin, tokenUrl, place }) {
    const redis = createClient({ socket: { path: place["socket"] ?? "", tls: false } });
    await redis.connect();
    const auth = createBitbucketAuth({
      clientId,
      clientSecret,
      endpoints: { tokenUrl, apiUrl: origin },
      storage: createRedisStorage({ client: redis, onWarning: () => undefined }),
      encryption: { current: "k1", keys: { k1: Buffer.from(place["encryptionKey"] ?? "", "base64") } },
      logging: false,
    });
    return () => auth.getAccessToken("alice");
  },
};
