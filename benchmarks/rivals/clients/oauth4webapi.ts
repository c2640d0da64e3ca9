import * as oauth from "rival:oauth4webapi";
import type { Client } from "../client.ts";

export const client: Client = {
  async refresh({ origin, clientId, clientSecret, tokenUrl, refreshToken }) {
    const server = { issuer: origin, token_endpoint: tokenUrl };
    const consumer = { client_id: clientId };
    const response = await oauth.refreshTokenGrantRequest(
      server,
      consumer,
      oauth.ClientSecretBasic(clientSecret),
      refreshToken,
      { [oauth.allowInsecureRequests]: true }, // for the fake only
    );
    return (await oauth.processRefreshTokenResponse(server, consumer, response)).access_token;
  },
};
