import { OAuth2Client } from "rival:arctic";
import type { Client } from "../client.ts";

/** Its `Bitbucket` is this client with Bitbucket's addresses written in. */
export const client: Client = {
  async refresh({ clientId, clientSecret, tokenUrl, refreshToken }) {
    const consumer = new OAuth2Client(clientId, clientSecret, null);
    const tokens = await consumer.refreshAccessToken(tokenUrl, refreshToken, []);
    // What the answer holds is checked when it is read, so a user's program reads it.
    tokens.refreshToken();
    tokens.accessTokenExpiresAt();
    return tokens.accessToken();
  },
};
