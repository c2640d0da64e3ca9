import { revokeAccessToken, revokeFamily, revokeSiblings } from "./grant-revocation.js";
import { idleLimit, issueTokens, reissue, type IssuedTokens } from "./grant-state.js";
import type { MockContext } from "./mock-context.js";
import type { GrantState, RefreshTokenState } from "./mock-state.js";

/** What became of a refresh token that was presented. */
export type Redemption =
  | {
      readonly kind: "issued";
      readonly issued: IssuedTokens;
      readonly generation: number;
      readonly leeway: boolean;
    }
  | {
      readonly kind: "dead";
      readonly grant: GrantState | null;
      readonly generation: number | null;
      readonly reused: boolean;
    };

/**
 * Trades a refresh token for the next pair, or says why it is dead. Decides by the profile; answers nothing itself.
 *
 * `lockedOut`: the consumer is being refused, so nothing is redeemed; a reuse counts all the same.
 */
export function redeemRefreshToken(
  context: MockContext,
  clientId: string,
  token: string,
  lockedOut: boolean,
): Redemption {
  const { state, clock, profile } = context;
  const presented = state.refreshTokens.get(token);
  const grant = presented && state.grants.get(presented.grantId);
  if (presented === undefined || grant === undefined || grant.clientId !== clientId)
    return { kind: "dead", grant: null, generation: null, reused: false };

  const { generation } = presented;
  const now = clock.now();
  const expired = presented.expiresAt !== null && now >= presented.expiresAt;
  const reused = presented.firstUsedAt !== null && !inLeeway(context, token, presented);
  if (reused) recordReuse(context, grant, generation);
  if (reused || expired || presented.revoked || grant.revoked || lockedOut)
    return { kind: "dead", grant, generation, reused };

  if (profile.refreshTokens !== "rotating") {
    presented.expiresAt = idleLimit(context);
    return { kind: "issued", issued: reissue(context, grant, token), generation, leeway: false };
  }
  const leeway = presented.firstUsedAt !== null;
  presented.firstUsedAt ??= now;
  if (profile.companionRevoked)
    revokeAccessToken(context, presented.companion, presented.firstUsedAt + profile.leewayMs);
  if (leeway && profile.siblings === "last-live") revokeSiblings(context, grant, token);
  const issued = issueTokens(context, grant, { parent: token });
  context.emit({ type: "token.rotated", at: now, clientId, grantId: grant.id, generation: grant.generation });
  return { kind: "issued", issued, generation, leeway };
}

function inLeeway(
  { state, clock, profile }: MockContext,
  token: string,
  presented: RefreshTokenState,
): boolean {
  if (presented.firstUsedAt === null || clock.now() >= presented.firstUsedAt + profile.leewayMs) return false;
  if (profile.leewayCovers === "any-used") return true;
  return ![...state.refreshTokens.values()].some(
    (child) => child.parent === token && child.firstUsedAt !== null,
  );
}

function recordReuse(context: MockContext, grant: GrantState, generation: number): void {
  grant.reuseCount += 1;
  const at = context.clock.now();
  context.emit({ type: "token.reused", at, clientId: grant.clientId, grantId: grant.id, generation });
  if (context.profile.reuse === "revoke-family") revokeFamily(context, grant);
}
