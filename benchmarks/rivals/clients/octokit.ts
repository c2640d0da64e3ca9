import { createOAuthUserAuth } from "rival:@octokit/auth-oauth-user";
import { request } from "rival:@octokit/request";
import type { Client, Connection, TokenPlace } from "../client.ts";

/** A user of a GitHub app whose tokens expire, on a GitHub Enterprise Server. */
function connect(
  { clientId, clientSecret, origin, accessToken, refreshToken, expiresAt }: Connection,
  place?: TokenPlace,
): ReturnType<typeof createOAuthUserAuth> {
  return createOAuthUserAuth({
    clientType: "github-app",
    clientId,
    clientSecret,
    token: accessToken,
    refreshToken,
    expiresAt: new Date(expiresAt).toISOString(),
    refreshTokenExpiresAt: new Date(Date.now() + 90 * 24 * 3_600_000).toISOString(),
    request: request.defaults({ baseUrl: `${origin}/api/v3` }),
    onTokenCreated: (created) =>
      place?.save({
        accessToken: created.token,
        refreshToken: created.refreshToken,
        expiresAt: Date.parse(created.expiresAt),
      }),
  });
}

export const client: Client = {
  async keep(connection, place) {
    const auth = connect({ ...connection, ...(await place.load()) }, place);
    return async () => (await auth()).token;
  },

  async refresh(connection) {
    return (await connect(connection)({ type: "refresh" })).token;
  },
};
