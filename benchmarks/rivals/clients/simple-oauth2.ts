import { AuthorizationCode, type AccessToken } from "rival:simple-oauth2";
import type { Client, Connection, Tokens } from "../client.ts";

function connect({ clientId, clientSecret, tokenUrl }: Connection, tokens: Tokens): AccessToken {
  const { origin, pathname } = new URL(tokenUrl);
  const consumer = new AuthorizationCode({
    client: { id: clientId, secret: clientSecret },
    auth: { tokenHost: origin, tokenPath: pathname },
  });
  return consumer.createToken({
    access_token: tokens.accessToken,
    refresh_token: tokens.refreshToken,
    expires_at: new Date(tokens.expiresAt),
  });
}

/** Its README refreshes by hand: when the token has expired, refresh it and keep the answer. */
export const client: Client = {
  async keep(connection, place) {
    let kept = connect(connection, await place.load());
    return async () => {
      if (kept.expired()) {
        kept = await kept.refresh();
        const { access_token, refresh_token, expires_at } = kept.token;
        await place.save({
          accessToken: access_token,
          refreshToken: refresh_token,
          expiresAt: Number(new Date(expires_at)),
        });
      }
      return kept.token.access_token;
    };
  },

  async refresh(connection) {
    return (await connect(connection, connection).refresh()).token.access_token;
  },
};
