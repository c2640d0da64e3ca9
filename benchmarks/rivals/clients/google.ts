import { ClientAuthentication, OAuth2Client } from "rival:google-auth-library";
import type { Client, Connection } from "../client.ts";

function connect({ clientId, clientSecret, tokenUrl, ...tokens }: Connection): OAuth2Client {
  const client = new OAuth2Client({
    clientId,
    clientSecret,
    endpoints: { oauth2TokenUrl: tokenUrl },
    clientAuthentication: ClientAuthentication.ClientSecretPost, // its default
  });
  client.setCredentials({
    access_token: tokens.accessToken,
    refresh_token: tokens.refreshToken,
    expiry_date: tokens.expiresAt,
  });
  return client;
}

export const client: Client = {
  async keep(connection, place) {
    const kept = await place.load();
    const google = connect({ ...connection, ...kept });
    google.on("tokens", ({ access_token, refresh_token, expiry_date }) => {
      void place.save({
        accessToken: access_token,
        refreshToken: refresh_token ?? kept.refreshToken,
        expiresAt: expiry_date,
      });
    });
    return async () => (await google.getAccessToken()).token;
  },

  async refresh(connection) {
    return (await connect(connection).refreshAccessToken()).credentials.access_token;
  },
};
