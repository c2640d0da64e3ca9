import { assembleBitbucketAuth, type AssembledBitbucketAuth } from "../create-bitbucket-auth.js";
import { resolveOptions } from "../bitbucket-auth-options.js";
import { isBitbucketAuthError } from "../errors.js";
import { clientCredentialsForm } from "../grants/client-credentials.js";
import { passwordForm } from "../grants/password.js";
import { freshness } from "../refresh/refresh-policy.js";
import { startDeadline } from "../refresh/timers.js";
import { createSingleFlight, type SingleFlight } from "../refresh/single-flight.js";
import { storageKey } from "../storage/token-key.js";
import type { TokenRecord } from "../storage/token-record.js";
import type { TokenStorage } from "../storage/token-storage.js";
import { tokenSetFrom } from "../token-endpoint/token-response.js";
import type { TokenSet } from "../token-endpoint/token-set.js";
import { requestThrough } from "./replaced-request.js";
import { optionsFromConfig, storageFromConfig, type TokenConfig } from "./token-config.js";

/**
 * An access token for one program, in one call: a valid stored one, else by the refresh token, else by
 * `credentialsProvider`, else by client credentials. What is new is saved before it is answered.
 *
 * A program that asks often, or for several accounts, is better served by `createBitbucketAuth`.
 */
export async function getAccessToken(config: TokenConfig = {}): Promise<string> {
  const { accessToken } = await getTokens(config);
  return accessToken;
}

/** As `getAccessToken(config)`, with what belongs to the token. */
export async function getTokens(config: TokenConfig = {}): Promise<TokenSet> {
  const storage = storageFromConfig(config);
  const account = config.appName ?? "default";
  const options = optionsFromConfig(config, storage);
  const resolved = resolveOptions(options);
  const requestTokens = replacesRequest(config) ? requestThrough(config, resolved) : undefined;
  const assembled = assembleBitbucketAuth(options, requestTokens);
  try {
    const kept = await keptTokens(config, assembled, account);
    if (kept) return kept;
    const flights = credentialFlights.get(storage) ?? createSingleFlight<TokenSet>();
    credentialFlights.set(storage, flights);
    const key = storageKey({
      site: new URL(resolved.endpoints.tokenUrl).host,
      consumer: resolved.credentials.clientId,
      account,
    });
    const request = (): Promise<TokenSet> => requestAnew(config, assembled, account);
    return await (flights.current(key) ?? flights.start(key, request));
  } finally {
    await assembled.auth.close();
  }
}

const credentialFlights = new WeakMap<TokenStorage, SingleFlight<TokenSet>>();

function replacesRequest(config: TokenConfig): boolean {
  const { sendRequest, createRequestHandler, isSuccess, isUnauthorized, handleSuccess, handleError } = config;
  return [sendRequest, createRequestHandler, isSuccess, isUnauthorized, handleSuccess, handleError].some(
    Boolean,
  );
}

/** What is stored, if it still works or can be refreshed. */
async function keptTokens(
  config: TokenConfig,
  { auth, context, stored }: AssembledBitbucketAuth,
  account: string,
): Promise<TokenSet | undefined> {
  const record = config.forceCredentials ? undefined : await stored(account);
  if (!record) return undefined;
  if (isFresh(record, context)) return auth.getTokens(account);
  const { refreshToken } = record;
  if (refreshToken === undefined) return undefined;
  if (config.useRefreshToken && !(await config.useRefreshToken({ ...config, refreshToken })))
    return undefined;
  try {
    return await auth.getTokens(account);
  } catch (error) {
    const dead = isBitbucketAuthError(error) && error.code === "refresh_rejected";
    if (dead && config.credentialsProvider) return undefined;
    throw error;
  }
}

function isFresh(record: TokenRecord, { clock, policy }: AssembledBitbucketAuth["context"]): boolean {
  return freshness(record, clock.nowFor(record), policy, { minValidityMs: 0 }) !== "expired";
}

async function requestAnew(
  config: TokenConfig,
  { auth, context }: AssembledBitbucketAuth,
  account: string,
): Promise<TokenSet> {
  const credentials = await config.credentialsProvider?.(config);
  const deadline = startDeadline(context.timeoutMs);
  try {
    const answer = credentials
      ? await context.requestTokens(passwordForm(credentials), "password", deadline.signal)
      : await context.requestTokens(clientCredentialsForm(), "client_credentials", deadline.signal);
    if (answer.kind !== "tokens") throw answer.error;
    const tokens = tokenSetFrom(answer.response);
    await auth.saveTokens(account, tokens);
    return tokens;
  } finally {
    deadline.cancel();
  }
}
