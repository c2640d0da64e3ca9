import type { MockContext } from "./mock-context.js";
import type { GrantState } from "./mock-state.js";
import { randomToken } from "./random-token.js";

/** A pair as the token endpoint hands it out. */
export interface IssuedTokens {
  readonly grant: GrantState;
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly expiresInMs: number;
}

/** What a consent is recorded with. */
export interface GrantOpening {
  readonly clientId: string;
  /** `null`: the consumer acts as itself. */
  readonly username: string | null;
  readonly scopes: readonly string[];
  readonly refreshable: boolean;
  /** Tokens to use instead of new ones. */
  readonly planted?: {
    readonly accessToken?: string | undefined;
    readonly refreshToken?: string | undefined;
  };
}

/** Records a consent and issues its first tokens. */
export function openGrant(context: MockContext, given: GrantOpening): IssuedTokens {
  const { state } = context;
  state.counters.grants += 1;
  const grant: GrantState = {
    id: `grant-${state.counters.grants}`,
    clientId: given.clientId,
    username: given.username,
    scopes: given.scopes,
    revoked: false,
    generation: 0,
    clientAheadMs: 0,
    reuseCount: 0,
    current: { accessToken: "", refreshToken: null },
  };
  state.grants.set(grant.id, grant);
  return issueTokens(context, grant, given.refreshable ? { parent: null } : null, given.planted);
}

/** Whether the grant's newest refresh token would be taken now. A grant without one lives as long as its access token. */
export function isLive({ state, clock }: MockContext, grant: GrantState): boolean {
  if (grant.revoked) return false;
  const { accessToken, refreshToken } = grant.current;
  if (refreshToken === null) return (state.accessTokens.get(accessToken)?.expiresAt ?? 0) > clock.now();
  const newest = state.refreshTokens.get(refreshToken);
  return (
    newest !== undefined && !newest.revoked && (newest.expiresAt === null || newest.expiresAt > clock.now())
  );
}

/** The same refresh token with a new access token: what happens where refresh tokens do not rotate. */
export function reissue(context: MockContext, grant: GrantState, refreshToken: string): IssuedTokens {
  const issued = issueTokens(context, grant, null);
  grant.current = { accessToken: issued.accessToken, refreshToken };
  return { ...issued, refreshToken: context.profile.refreshTokens === "fixed" ? refreshToken : null };
}

/** Issues the next generation. `refresh` is `null` when there is to be no refresh token with it. */
export function issueTokens(
  context: MockContext,
  grant: GrantState,
  refresh: { parent: string | null } | null,
  planted: GrantOpening["planted"] = {},
): IssuedTokens {
  const { state, clock, profile } = context;
  const now = clock.now();
  grant.generation += 1;
  const { generation } = grant;
  const accessToken = planted.accessToken ?? randomToken(profile.accessTokenLength);
  const expiresInMs = profile.accessTokenLifeMs;
  state.accessTokens.set(accessToken, {
    grantId: grant.id,
    generation,
    expiresAt: now + expiresInMs,
    revokedAt: null,
  });
  let refreshToken: string | null = null;
  if (refresh !== null) {
    refreshToken = planted.refreshToken ?? randomToken(profile.refreshTokenLength);
    state.refreshTokens.set(refreshToken, {
      grantId: grant.id,
      generation,
      parent: refresh.parent,
      companion: accessToken,
      expiresAt: idleLimit(context),
      firstUsedAt: null,
      revoked: false,
    });
  }
  grant.current = { accessToken, refreshToken };
  context.emit({ type: "token.issued", at: now, clientId: grant.clientId, grantId: grant.id, generation });
  return { grant, accessToken, refreshToken, expiresInMs };
}

/** When a refresh token issued or used now has idled too long. */
export function idleLimit({ clock, profile }: MockContext): number | null {
  return profile.idleLifeMs === null ? null : clock.now() + profile.idleLifeMs;
}
