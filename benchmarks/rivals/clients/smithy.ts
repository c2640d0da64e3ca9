import { memoize } from "rival:@smithy/core/config";
import type { Client } from "../client.ts";

/** The cache in front of AWS credentials. How to get new ones is left to its user. */
export const client: Client = {
  async keep({ accessToken, expiresAt }) {
    const provide = memoize(
      async () => ({ token: accessToken, expiration: new Date(expiresAt) }),
      ({ expiration }) => expiration.getTime() - Date.now() < 300_000,
      ({ expiration }) => expiration !== undefined,
    );
    return async () => (await provide()).token;
  },
};
