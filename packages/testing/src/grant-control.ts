import type { PlainTokens } from "@bitbucket-auth/core";
import { revokeFamily, revokeGrant } from "./grant-revocation.js";
import { isLive } from "./grant-state.js";
import type { MockContext } from "./mock-context.js";
import type { GrantState } from "./mock-state.js";
import { redeemRefreshToken } from "./refresh-redemption.js";

/** One grant, to look at and to meddle with behind the client's back. */
export interface GrantControl {
  readonly id: string;
  /**
   * The access tokens have run out: the API refuses them, and the clock of the grant's `clientOptions` is past their time. A
   * client with another clock, as `mock.clock`, still believes in them, and learns by a 401.
   */
  expireAccessToken(): void;
  /** Every refresh token of the grant is as if it had idled too long. */
  expireRefreshToken(): void;
  /** The user withdraws the consent in the settings: every token is dead. */
  revoke(): void;
  /** As reuse detection would. */
  revokeFamily(): void;
  /** Another process refreshes first. Answers what it got. */
  rotateElsewhere(): PlainTokens;
  /** The newest tokens. */
  readonly tokens: PlainTokens;
  /** How often tokens were issued for the grant; 1 after the sign-in. */
  readonly generation: number;
  /** How often a refresh token was presented again after its leeway. */
  readonly reuseCount: number;
  /** Whether the newest refresh token would be taken now. */
  readonly live: boolean;
}

export function createGrantControl(context: MockContext, grant: GrantState): GrantControl {
  const { state, clock } = context;
  return {
    id: grant.id,
    expireAccessToken() {
      const { expiresAt = 0 } = state.accessTokens.get(grant.current.accessToken) ?? {};
      grant.clientAheadMs += Math.max(0, expiresAt - clock.now());
      for (const access of state.accessTokens.values())
        if (access.grantId === grant.id) access.expiresAt = Math.min(access.expiresAt, clock.now());
    },
    expireRefreshToken() {
      for (const refresh of state.refreshTokens.values())
        if (refresh.grantId === grant.id) refresh.expiresAt = clock.now();
    },
    revoke: () => revokeGrant(context, grant),
    revokeFamily: () => revokeFamily(context, grant),
    rotateElsewhere() {
      const { refreshToken } = grant.current;
      if (refreshToken === null || !isLive(context, grant))
        throw new Error(`${grant.id} has no live refresh token to rotate`);
      redeemRefreshToken(context, grant.clientId, refreshToken, false);
      return currentTokens(context, grant);
    },
    get tokens() {
      return currentTokens(context, grant);
    },
    get generation() {
      return grant.generation;
    },
    get reuseCount() {
      return grant.reuseCount;
    },
    get live() {
      return isLive(context, grant);
    },
  };
}

/** The newest tokens of the grant in the form core takes and gives. */
export function currentTokens({ state }: MockContext, grant: GrantState): PlainTokens {
  const { accessToken, refreshToken } = grant.current;
  return {
    accessToken,
    ...(refreshToken !== null && { refreshToken }),
    expiresAt: state.accessTokens.get(accessToken)?.expiresAt ?? 0,
    scopes: [...grant.scopes],
    tokenType: "bearer",
  };
}
