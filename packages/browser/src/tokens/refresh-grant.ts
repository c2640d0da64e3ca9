import { type AnyBitbucketAuthError, isBitbucketAuthError, refreshTokens } from "@bitbucket-auth/core";
import type { GrantStore } from "./grant-store.js";
import type { PageMemory } from "./page-memory.js";
import type { TokenPlan } from "./page-token-config.js";
import { markOf, type Refusal, refusalOf, restingError } from "./refusal.js";
import { grantOf, isFresh, type StoredGrant } from "./stored-grant.js";
import { tell } from "./tell.js";

/**
 * Redeems the refresh token of a stored grant and saves what came of it, before anybody gets it. Answers the grant that counts
 * from now on. Rejects with what the matter is; the refresh token then rests for a while, here and in the other tabs.
 */
export async function refreshGrant(
  plan: TokenPlan,
  store: GrantStore,
  memory: PageMemory,
  stored: StoredGrant & { readonly refreshToken: string },
): Promise<StoredGrant> {
  const { clock, request } = plan;
  const { refreshToken } = stored;
  const previous = lastRefusal(memory, stored);
  const resting = previous && restingError(previous, clock.now());
  if (resting) throw resting;
  let grant: StoredGrant;
  try {
    grant = grantOf(await refreshTokens({ ...request, refreshToken }), clock.now());
  } catch (error) {
    if (!isBitbucketAuthError(error)) throw error;
    return peersGrant(plan, store, memory, stored, error);
  }
  memory.refusals.delete(refreshToken);
  await store.save(grant).catch(() => keepHere(plan, memory, refreshToken, grant));
  tell(plan, "info", "bitbucket-auth: refreshed");
  return grant;
}

/** A refusal may only say that a tab which cannot lock was quicker: its grant is answered. Else the refusal is noted and thrown. */
async function peersGrant(
  plan: TokenPlan,
  store: GrantStore,
  memory: PageMemory,
  stored: StoredGrant & { readonly refreshToken: string },
  error: AnyBitbucketAuthError,
): Promise<StoredGrant> {
  const now = plan.clock.now();
  const { refreshToken } = stored;
  const current = await store.load().catch(() => undefined);
  if (current && current.refreshToken !== refreshToken && isFresh(current, now)) return current;
  const refusal = refusalOf(refreshToken, error, {
    previous: lastRefusal(memory, stored),
    now,
    random: Math.random(),
  });
  memory.refusals.set(refreshToken, refusal);
  if (current?.refreshToken === refreshToken)
    await store.save({ ...current, failure: refusal }).catch(() => undefined);
  throw error;
}

function lastRefusal(
  { refusals }: PageMemory,
  { refreshToken, failure }: StoredGrant & { readonly refreshToken: string },
): Refusal | undefined {
  return refusals.get(refreshToken) ?? (failure?.of === markOf(refreshToken) ? failure : undefined);
}

/** The old refresh token is spent: the new one must not be lost while this page lives. */
function keepHere(plan: TokenPlan, { unsaved }: PageMemory, redeemed: string, grant: StoredGrant): void {
  unsaved.set(plan.key, { redeemed, grant });
  const { accessToken, refreshToken, expiresAt } = grant;
  plan.config.onUnpersisted?.(plan.account, { accessToken, refreshToken, expiresAt, tokenType: "bearer" });
  tell(
    plan,
    "error",
    "bitbucket-auth: a new refresh token could not be saved and is kept in this page alone",
  );
}
