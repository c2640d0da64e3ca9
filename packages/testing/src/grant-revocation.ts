import type { MockContext } from "./mock-context.js";
import type { GrantState } from "./mock-state.js";

/** Ends every token of the grant, as the user does in the settings and Bitbucket may do on reuse. */
export function revokeGrant(context: MockContext, grant: GrantState): void {
  grant.revoked = true;
  const now = context.clock.now();
  for (const [token, access] of context.state.accessTokens)
    if (access.grantId === grant.id) revokeAccessToken(context, token, now);
}

/** As `revokeGrant`, and announces it the way reuse detection does. */
export function revokeFamily(context: MockContext, grant: GrantState): void {
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
export function revokeAccessToken({ state }: MockContext, token: string, at: number): void {
  const access = state.accessTokens.get(token);
  if (access) access.revokedAt = at;
}

/** Leaves only `token` and what is issued from it next: the rule of servers that keep one successor. */
export function revokeSiblings(context: MockContext, grant: GrantState, token: string): void {
  const now = context.clock.now();
  for (const [other, refresh] of context.state.refreshTokens) {
    if (other === token || refresh.grantId !== grant.id) continue;
    refresh.revoked = true;
    if (context.profile.companionRevoked) revokeAccessToken(context, refresh.companion, now);
  }
}
