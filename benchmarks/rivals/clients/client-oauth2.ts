import ClientOAuth2 from "rival:client-oauth2";
import type { Client } from "../client.ts";

export const client: Client = {
  async refresh({ clientId, clientSecret, tokenUrl, accessToken, refreshToken }) {
    const consumer = new ClientOAuth2({ clientId, clientSecret, accessTokenUri: tokenUrl });
    return (await consumer.createToken(accessToken, refreshToken, "bearer", {}).refresh()).accessToken;
  },
};
