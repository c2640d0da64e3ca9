import type { TokenRecord } from "../storage/token-record.js";
import type { TokenResponse } from "../token-endpoint/token-response.js";
import type { PlainTokens } from "../token-endpoint/token-set.js";
import type { RefreshContext } from "./refresh-context.js";
import type { ServerClock } from "./server-clock.js";

/** The record that follows `parent` after a successful request; keeps the old refresh token when the answer brought none. */
export async function recordFromResponse(
  { store, clock, policy }: RefreshContext,
  response: Omit<TokenResponse, "refreshToken"> & { readonly refreshToken?: string | undefined },
  { parent, fence }: { readonly parent?: TokenRecord | undefined; readonly fence: number },
): Promise<TokenRecord> {
  if (response.serverTime !== undefined) clock.learn(response.serverTime, response.startedAt);
  const obtainedAt = response.startedAt + (response.serverTime === undefined ? 0 : clock.skewMs);
  const refreshToken = response.refreshToken ?? parent?.refreshToken;
  return {
    schema: 1,
    accessToken: response.accessToken,
    accessExpiresAt: obtainedAt + response.lifetimeMs,
    refreshToken,
    ...(refreshToken !== undefined && {
      refreshExpiresAt: obtainedAt + policy.idleMs,
      refreshFp: await store.fingerprint(refreshToken),
    }),
    scope: response.scope,
    tokenType: "bearer",
    obtainedAt,
    issuedAt: response.serverTime,
    fence,
    parentFp: parent?.refreshFp,
    generation: (parent?.generation ?? 0) + 1,
    status: "active",
  };
}

/** The first record of a sign-in, from tokens whose expiry is on this machine's clock. */
export async function recordFromTokens(
  { store, clock, policy }: Pick<RefreshContext, "store" | "clock" | "policy">,
  tokens: PlainTokens,
): Promise<TokenRecord> {
  const obtainedAt = clock.nowFor({});
  const { accessToken, refreshToken, expiresAt, scopes } = tokens;
  return {
    schema: 1,
    accessToken,
    accessExpiresAt: expiresAt,
    refreshToken,
    ...(refreshToken !== undefined && {
      refreshExpiresAt: obtainedAt + policy.idleMs,
      refreshFp: await store.fingerprint(refreshToken),
    }),
    scope: scopes?.join(" "),
    tokenType: "bearer",
    obtainedAt,
    generation: 1,
    status: "active",
  };
}

/** What callers get of a record: its expiry is back on this machine's clock. */
export function tokensFromRecord(record: TokenRecord, clock: ServerClock): PlainTokens {
  const { accessToken, refreshToken, accessExpiresAt, scope } = record;
  return {
    accessToken,
    refreshToken,
    expiresAt: clock.toLocal(accessExpiresAt, record),
    scopes: scope?.split(" ").filter((part) => part !== ""),
    tokenType: "bearer",
  };
}
