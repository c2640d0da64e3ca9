import type { PlainTokens } from "@bitbucket-auth/core";
import { randomToken } from "../secrets.js";
import type { MockContext, GrantState, RefreshTokenState } from "../state.js";

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
function isLive({ state, clock }: MockContext, grant: GrantState): boolean {
  if (grant.revoked) return false;
  const { accessToken, refreshToken } = grant.current;
  if (refreshToken === null) return (state.accessTokens.get(accessToken)?.expiresAt ?? 0) > clock.now();
  const newest = state.refreshTokens.get(refreshToken);
  return (
    newest !== undefined && !newest.revoked && (newest.expiresAt === null || newest.expiresAt > clock.now())
  );
}

/** The same refresh token with a new access token: what happens where refresh tokens do not rotate. */
function reissue(context: MockContext, grant: GrantState, refreshToken: string): IssuedTokens {
  const issued = issueTokens(context, grant, null);
  grant.current = { accessToken: issued.accessToken, refreshToken };
  return { ...issued, refreshToken: context.profile.refreshTokens === "fixed" ? refreshToken : null };
}

/** Issues the next generation. `refresh` is `null` when there is to be no refresh token with it. */
function issueTokens(
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
function idleLimit({ clock, profile }: MockContext): number | null {
  return profile.idleLifeMs === null ? null : clock.now() + profile.idleLifeMs;
}

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

/** Ends every token of the grant, as the user does in the settings and Bitbucket may do on reuse. */
export function revokeGrant(context: MockContext, grant: GrantState): void {
  grant.revoked = true;
  const now = context.clock.now();
  for (const [token, access] of context.state.accessTokens)
    if (access.grantId === grant.id) revokeAccessToken(context, token, now);
}

/** As `revokeGrant`, and announces it the way reuse detection does. */
function revokeFamily(context: MockContext, grant: GrantState): void {
  if (grant.revoked) return;
  revokeGrant(context, grant);
  context.emit({
    type: "family.revoked",
    at: context.clock.now(),
    clientId: grant.clientId,
    grantId: grant.id,
  });
}

/** Has the API refuse the token from `at` on. */
function revokeAccessToken({ state }: MockContext, token: string, at: number): void {
  const access = state.accessTokens.get(token);
  if (access) access.revokedAt = at;
}

/** Leaves only `token` and what is issued from it next: the rule of servers that keep one successor. */
function revokeSiblings(context: MockContext, grant: GrantState, token: string): void {
  const now = context.clock.now();
  for (const [other, refresh] of context.state.refreshTokens) {
    if (other === token || refresh.grantId !== grant.id) continue;
    refresh.revoked = true;
    if (context.profile.companionRevoked) revokeAccessToken(context, refresh.companion, now);
  }
}

/** A grant as a list may show it: no token in it. */
export interface GrantSummary {
  readonly id: string;
  readonly clientId: string;
  /** `null`: the consumer itself. */
  readonly username: string | null;
  readonly scopes: readonly string[];
  readonly generation: number;
  readonly reuseCount: number;
  readonly live: boolean;
}

/** The grant as `mock.grants` lists it: no token. */
export function summarizeGrant(context: MockContext, grant: GrantState): GrantSummary {
  const { id, clientId, username, scopes, generation, reuseCount } = grant;
  return { id, clientId, username, scopes, generation, reuseCount, live: isLive(context, grant) };
}

/** One grant, to look at and to change without the client's knowledge. */
export interface GrantControl {
  readonly id: string;
  /**
   * Lets the access tokens expire: the API refuses them, and the clock of the grant's `clientOptions` is past their time. A
   * client with another clock, such as `mock.clock`, still takes them for valid until a 401.
   */
  expireAccessToken(): void;
  /** Lets every refresh token of the grant expire, as after three months without use. */
  expireRefreshToken(): void;
  /** Ends every token, as when the user withdraws the consent in the settings. */
  revoke(): void;
  /** Ends every token, as reuse detection does where a profile has it. */
  revokeFamily(): void;
  /** Refreshes the grant, as another process would. Returns the new tokens. */
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

/** The control of one grant, which reads its state at each call. */
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
