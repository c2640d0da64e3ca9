import * as openid from "rival:openid-client";
import type { Client } from "../client.ts";

export const client: Client = {
  async refresh({ origin, clientId, clientSecret, tokenUrl, refreshToken }) {
    const config = new openid.Configuration(
      { issuer: origin, token_endpoint: tokenUrl },
      clientId,
      clientSecret,
      openid.ClientSecretBasic(clientSecret),
    );
    openid.allowInsecureRequests(config); // for the fake only
    return (await openid.refreshTokenGrant(config, refreshToken)).access_token;
  },
};
