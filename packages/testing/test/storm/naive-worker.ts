import { readFileSync, writeFileSync } from "node:fs";
import { refreshTokens, type PlainTokens } from "@bitbucket-auth/core";
import type { CreateStormClient } from "@bitbucket-auth/testing/storm";

/** A client as they are usually written: tokens in a file, read once, and one refresh at a time in a process. */
export const createClient: CreateStormClient = ({ clientOptions, settings: { file = "" } }) => {
  const { clientId, clientSecret, endpoints, clock, fetch } = clientOptions;
  let tokens: PlainTokens | undefined;
  let refreshing: Promise<PlainTokens> | undefined;
  const refresh = async (refreshToken = ""): Promise<PlainTokens> => {
    const { tokenUrl } = endpoints;
    const next = await refreshTokens({ clientId, clientSecret, tokenUrl, refreshToken, fetch, clock });
    const { accessToken, expiresAt } = next;
    tokens = { accessToken, refreshToken: next.refreshToken ?? refreshToken, expiresAt, tokenType: "bearer" };
    writeFileSync(file, JSON.stringify(tokens));
    return tokens;
  };
  return {
    async getAccessToken() {
      tokens ??= JSON.parse(readFileSync(file, "utf8")) as PlainTokens;
      if (clock.now() < tokens.expiresAt) return tokens.accessToken;
      refreshing ??= refresh(tokens.refreshToken).finally(() => (refreshing = undefined));
      return (await refreshing).accessToken;
    },
    async saveTokens(_account, given) {
      tokens = given;
      writeFileSync(file, JSON.stringify(given));
    },
    async close() {
      tokens = undefined;
    },
  };
};
