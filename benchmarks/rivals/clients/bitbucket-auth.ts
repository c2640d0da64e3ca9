import { createBitbucketAuth, refreshTokens } from "@bitbucket-auth/core";
import type { Client } from "../client.ts";

/** Ours, with tokens in memory. */
export const client: Client = {
  async keep({ clientId, clientSecret, origin, tokenUrl, ...tokens }) {
    const auth = createBitbucketAuth({
      clientId,
      clientSecret,
      endpoints: { tokenUrl, apiUrl: origin },
      logging: false,
    });
    await auth.saveTokens("alice", { ...tokens, tokenType: "bearer" });
    return () => auth.getAccessToken("alice");
  },

  async refresh({ clientId, clientSecret, tokenUrl, refreshToken }) {
    const { accessToken } = await refreshTokens({ clientId, clientSecret, tokenUrl, refreshToken });
    return accessToken;
  },
};
