import { isBitbucketAuthError, requestClientCredentials, requestPassword } from "@bitbucket-auth/core";
import { openGrantStore, type GrantStore } from "./grant-store.js";
import { inTurn } from "./page-lock.js";
import { pageMemoryOf, type PageMemory } from "./page-memory.js";
import { readTokenConfig, type PageTokenConfig, type TokenPlan } from "./page-token-config.js";
import { refreshGrant } from "./refresh-grant.js";
import { grantOf, isFresh, type StoredGrant } from "./stored-grant.js";
import { tell } from "./tell.js";

/**
 * An access token, in one call: a valid stored one, else by the refresh token, else by `credentialsProvider`, else by client
 * credentials. What is new is saved before it is answered. The page's edition of core's function of this name.
 *
 * Callers of one app share one request, and so do tabs where the browser has Web Locks. A refused refresh token rests. Rejects
 * with core's errors, each with its `code`.
 *
 * Whoever can open the page can read the consumer's secret: for pages of your own, on machines of your own.
 */
export async function getAccessToken(config: PageTokenConfig = {}): Promise<string> {
  const plan = readTokenConfig(config);
  const memory = pageMemoryOf(plan.owner);
  const { key, request } = plan;
  // Whoever names another secret is not answered with what this one brought.
  const flight = JSON.stringify([key, request.clientSecret, config.forceCredentials === true]);
  const running =
    memory.flights.get(flight) ?? takeOff(plan, memory).finally(() => memory.flights.delete(flight));
  memory.flights.set(flight, running);
  return running;
}

async function takeOff(plan: TokenPlan, memory: PageMemory): Promise<string> {
  const { clock, config, key, request } = plan;
  const store = openGrantStore(plan);
  const stored = async (): Promise<StoredGrant | undefined> => {
    // Loaded also when it will not be used: what is the caller's own in it is saved again.
    const grant = await currentGrant(plan, store, memory);
    return config.forceCredentials ? undefined : grant;
  };
  const kept = await stored();
  if (kept && isFresh(kept, clock.now())) return kept.accessToken;
  const patienceMs = Math.max(60_000, 3 * request.timeoutMs);
  return inTurn(`bitbucket-auth ${key}`, patienceMs, async () => {
    // Another tab may have been here meanwhile.
    const current = await stored();
    if (current && isFresh(current, clock.now())) return current.accessToken;
    const grant = current && (await refreshed(plan, store, memory, current));
    return (grant ?? (await requestAnew(plan, store, memory))).accessToken;
  });
}

/** What is stored, or what the storage would not take the last time, which is offered to it again. */
async function currentGrant(
  { key }: TokenPlan,
  store: GrantStore,
  { unsaved }: PageMemory,
): Promise<StoredGrant | undefined> {
  const stored = await store.load();
  const kept = unsaved.get(key);
  if (!kept || stored?.refreshToken !== kept.redeemed) {
    unsaved.delete(key);
    return stored;
  }
  await store.save(kept.grant).then(
    () => unsaved.delete(key),
    () => undefined,
  );
  return kept.grant;
}

/** By the refresh token; `undefined` when there is none, when the caller says no, and when it is dead and there are credentials. */
async function refreshed(
  plan: TokenPlan,
  store: GrantStore,
  memory: PageMemory,
  stored: StoredGrant,
): Promise<StoredGrant | undefined> {
  const { config } = plan;
  const { refreshToken } = stored;
  if (refreshToken === undefined) return undefined;
  if (config.useRefreshToken && !(await config.useRefreshToken({ ...config, refreshToken })))
    return undefined;
  try {
    return await refreshGrant(plan, store, memory, { ...stored, refreshToken });
  } catch (error) {
    const isDead = isBitbucketAuthError(error) && error.code === "refresh_rejected";
    if (isDead && config.credentialsProvider) return undefined;
    throw error;
  }
}

async function requestAnew(
  plan: TokenPlan,
  store: GrantStore,
  { unsaved }: PageMemory,
): Promise<StoredGrant> {
  const { config, request, key, clock } = plan;
  const credentials = await config.credentialsProvider?.(config);
  const tokens = credentials
    ? await requestPassword({ ...request, ...credentials })
    : await requestClientCredentials(request);
  const grant = grantOf(tokens, clock.now());
  await store.save(grant);
  unsaved.delete(key);
  tell(plan, "info", "bitbucket-auth: obtained");
  return grant;
}
