import { InstallProvider, LogLevel, type Installation } from "rival:@slack/oauth";
import type { Client, Tokens } from "../client.ts";

/** A workspace whose bot token rotates. */
function installation({ accessToken, refreshToken, expiresAt }: Tokens): Installation {
  return {
    team: { id: "T1" },
    enterprise: undefined,
    user: { id: "U1", token: undefined, scopes: undefined },
    bot: {
      id: "B1",
      userId: "U2",
      scopes: [],
      token: accessToken,
      refreshToken,
      expiresAt: Math.floor(expiresAt / 1000),
    },
    appId: "A1",
    authVersion: "v2",
  };
}

export const client: Client = {
  async keep({ clientId, clientSecret, origin }, place) {
    const installer = new InstallProvider({
      clientId,
      clientSecret,
      stateSecret: "state secret",
      installationStore: {
        fetchInstallation: async () => installation(await place.load()),
        async storeInstallation({ bot }) {
          await place.save({
            accessToken: bot.token,
            refreshToken: bot.refreshToken,
            expiresAt: bot.expiresAt * 1000,
          });
        },
      },
      logLevel: LogLevel.ERROR,
      clientOptions: { slackApiUrl: `${origin}/slack/` },
    });
    return async () =>
      (await installer.authorize({ teamId: "T1", enterpriseId: undefined, isEnterpriseInstall: false }))
        .botToken;
  },
};
