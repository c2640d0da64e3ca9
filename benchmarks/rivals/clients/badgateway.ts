import { OAuth2Client, OAuth2Fetch } from "rival:@badgateway/oauth2-client";
import { InteractiveSignIn, type Client, type Connection } from "../client.ts";

function connect({ clientId, clientSecret, tokenUrl }: Connection): OAuth2Client {
  return new OAuth2Client({
    clientId,
    clientSecret,
    tokenEndpoint: tokenUrl,
    authenticationMethod: "client_secret_basic",
  });
}

export const client: Client = {
  async keep(connection, place) {
    const keeper = new OAuth2Fetch({
      client: connect(connection),
      getNewToken() {
        throw new InteractiveSignIn("The user has to sign in again.");
      },
      getStoredToken: () => place.load(),
      storeToken: (token) => void place.save(token),
    });
    return () => keeper.getAccessToken();
  },

  async refresh(connection) {
    const { accessToken, refreshToken, expiresAt } = connection;
    return (await connect(connection).refreshToken({ accessToken, refreshToken, expiresAt })).accessToken;
  },
};
