import { InvalidOptionsError, isBitbucketAuthError } from "../errors.js";
import { assertCredential, assertFunction, assertObject, assertOptions, assertText } from "../environment.js";
import { createGrantKeeper, type GrantKeeper } from "../grant-keeper.js";
import { type BitbucketAuthOptions, resolveOptions } from "../options.js";
import { freshness } from "../refresh/policy.js";
import { recordFromTokens } from "../refresh/redeem.js";
import { createSingleFlight, createTurns, joinOrStart, type SingleFlight } from "../sharing.js";
import { createMemoryStorage } from "../storage/memory-storage.js";
import { storageKey, type TokenRecord } from "../storage/record.js";
import type { TokenStorage } from "../storage/token-storage.js";
import { lazy } from "../text.js";
import { startDeadline } from "../timing.js";
import { clientCredentialsForm } from "../token-endpoint/grants.js";
import { serializeTokens, tokenSetFrom, type TokenSet } from "../token-endpoint/response.js";
import { configStorage, type ConfigFunctions } from "./config-storage.js";
import { passwordForm } from "./legacy-grants.js";
import { type ReplacedFunctions, requestThrough } from "./request-functions.js";

/** A user name and password, for servers that still take them. */
export interface UserCredentials {
  readonly username: string;
  readonly password: string;
}

/** What `getAccessToken(config)` and `getTokens(config)` take. */
export interface TokenConfig
  extends
    ReplacedFunctions,
    ReplacedConfigFunctions,
    Pick<
      BitbucketAuthOptions,
      "encryption" | "endpoints" | "fetch" | "timeoutMs" | "clock" | "logger" | "logging" | "onUnpersisted"
    > {
  /** Tells the grants of several programs apart in one storage. */
  readonly appName?: string | undefined;
  /** Else `BITBUCKET_CLIENT_ID`, else `bitbucketKey` from the environment. */
  readonly consumerKey?: string | undefined;
  /** Else `BITBUCKET_CLIENT_SECRET`, else `bitbucketSecret` from the environment. */
  readonly consumerSecret?: string | undefined;
  /**
   * A refresh token to begin with, where nothing is stored yet or what is stored is dead. Bitbucket rotates it on first use, so
   * keep the new one: in a storage, by `saveConfig`, by `onUnpersisted`, or from what `getTokens()` answers.
   */
  readonly refreshToken?: string | undefined;
  /** A storage, or an object with `loadConfig` and `saveConfig`. */
  readonly storage?: TokenStorage | ConfigFunctions | undefined;
  /** `true` asks for new tokens whatever is stored. */
  readonly forceCredentials?: boolean | undefined;
  /** Whether to use the refresh token there is. @default always */
  readonly useRefreshToken?:
    | ((config: TokenConfig & { readonly refreshToken: string }) => boolean | Promise<boolean>)
    | undefined;
  /**
   * Gives a user name and password for the password grant.
   * @deprecated Bitbucket removed that grant; other servers may have it. Sign users in with `createBitbucketAuth`.
   */
  readonly credentialsProvider?:
    | ((config: TokenConfig) => UserCredentials | Promise<UserCredentials>)
    | undefined;
}

type ReplacedConfigFunctions = {
  readonly [Name in keyof ConfigFunctions]?: ConfigFunctions[Name] | undefined;
};

/** The names of a config, each once. */
export const configNames: Readonly<Record<keyof TokenConfig, true>> = {
  appName: true,
  consumerKey: true,
  consumerSecret: true,
  refreshToken: true,
  storage: true,
  forceCredentials: true,
  useRefreshToken: true,
  credentialsProvider: true,
  loadConfig: true,
  saveConfig: true,
  sendRequest: true,
  createRequestHandler: true,
  isSuccess: true,
  isUnauthorized: true,
  handleSuccess: true,
  handleError: true,
  encryption: true,
  endpoints: true,
  fetch: true,
  timeoutMs: true,
  clock: true,
  logger: true,
  logging: true,
  onUnpersisted: true,
};

/** The options of `createBitbucketAuth` that a config stands for. */
export function optionsFromConfig(config: TokenConfig, storage: TokenStorage): BitbucketAuthOptions {
  const { consumerKey, consumerSecret, encryption, endpoints, fetch, timeoutMs, clock, logger, logging } =
    config;
  return {
    storage,
    // Whatever is due is fetched when it is needed: nothing of the call outlives it.
    refresh: { eagerMs: 0, jitterMs: 0 },
    clientId: consumerKey,
    clientSecret: consumerSecret,
    encryption,
    endpoints,
    fetch,
    timeoutMs,
    clock,
    logger,
    logging,
    onUnpersisted: config.onUnpersisted,
  };
}

/**
 * The storage a config names. The same object or the same two functions always give the same storage, so that two calls at
 * once know of each other. Throws `InvalidOptionsError` for one of the two functions without the other.
 */
export function storageFromConfig(config: TokenConfig): TokenStorage {
  assertObject(config, "The config");
  const { storage, loadConfig, saveConfig } = config;
  if (storage) assertObject(storage, "storage");
  if (storage) return "compareAndSwap" in storage ? storage : remembered(byObject, storage, storage);
  if (!loadConfig && !saveConfig) return createMemoryStorage();
  if (!loadConfig || !saveConfig) {
    throw new InvalidOptionsError(
      "loadConfig and saveConfig belong together: with one of them alone, a refreshed grant would be lost. Give both.",
    );
  }
  for (const [name, given] of Object.entries({ loadConfig, saveConfig })) assertFunction(given, name);
  const byLoad = byFunctions.get(saveConfig) ?? new WeakMap<object, TokenStorage>();
  byFunctions.set(saveConfig, byLoad);
  return remembered(byLoad, loadConfig, { loadConfig, saveConfig });
}

const byObject = new WeakMap<object, TokenStorage>();
const byFunctions = new WeakMap<object, WeakMap<object, TokenStorage>>();

function remembered(
  known: WeakMap<object, TokenStorage>,
  owner: object,
  functions: ConfigFunctions,
): TokenStorage {
  const storage = known.get(owner) ?? configStorage(functions);
  known.set(owner, storage);
  return storage;
}

/**
 * An access token for one program, in one call: a valid stored one, else by the refresh token, else by
 * `credentialsProvider`, else by client credentials. What is new is saved before it is answered.
 *
 * A program that asks often, or for several accounts, is better served by `createBitbucketAuth`. Rejects with
 * `InvalidOptionsError` for a `refreshToken` whose successor could not be kept: use `getTokens()`, whose answer holds it.
 */
export async function getAccessToken(config: TokenConfig = {}): Promise<string> {
  assertConfig(config, "getAccessToken()");
  const { refreshToken, storage, loadConfig, saveConfig, onUnpersisted } = config;
  if (refreshToken !== undefined && !storage && !loadConfig && !saveConfig && !onUnpersisted) {
    throw new InvalidOptionsError(
      "getAccessToken() would lose the grant: Bitbucket rotates refreshToken on use, and nothing here can keep the new one. Pass a storage, loadConfig and saveConfig, or onUnpersisted; or call getTokens(), whose answer has it.",
    );
  }
  const { accessToken } = await tokensFor(config);
  return accessToken;
}

/**
 * As `getAccessToken(config)`, with what belongs to the token. With a `refreshToken` and no storage the answer's `refreshToken`
 * is the only copy of the new one.
 */
export async function getTokens(config: TokenConfig = {}): Promise<TokenSet> {
  assertConfig(config, "getTokens()");
  return tokensFor(config);
}

function assertConfig(config: TokenConfig, what: string): void {
  assertOptions(config, what, Object.keys(configNames));
  if (config.refreshToken !== undefined) assertCredential(config.refreshToken, "refreshToken");
  if (config.appName !== undefined) assertText(config.appName, "appName");
}

async function tokensFor(config: TokenConfig): Promise<TokenSet> {
  const account = config.appName ?? "default";
  if (config.refreshToken === undefined || config.storage || config.loadConfig || config.saveConfig)
    return tokensIn(storageFromConfig(config), config, account);
  // Nothing but this call knows of the grant, so calls at the same time must find each other by its refresh token.
  const { credentials, policy } = resolveOptions(optionsFromConfig(config, createMemoryStorage()));
  const key = JSON.stringify([credentials.clientId, config.endpoints?.tokenUrl, config.refreshToken]);
  const request = async (): Promise<TokenSet> => {
    const tokens = await tokensIn(createMemoryStorage(), config, account);
    config.onUnpersisted?.(account, serializeTokens(tokens));
    return tokens;
  };
  return joinOrStart(loneFlights(), key, request, { limitMs: policy.joinMs });
}

const loneFlights = /* @__PURE__ */ lazy(() => createSingleFlight<TokenSet>());

async function tokensIn(storage: TokenStorage, config: TokenConfig, account: string): Promise<TokenSet> {
  const options = optionsFromConfig(config, storage);
  const resolved = resolveOptions(options);
  const requestTokens = replacesRequest(config) ? requestThrough(config, resolved) : undefined;
  const grants = createGrantKeeper(options, requestTokens);
  const key = storageKey({ ...grants.owner, account });
  try {
    const { refreshToken } = config;
    if (refreshToken !== undefined && !config.forceCredentials)
      await adoptions(`${key} ${refreshToken}`, () => adoptRefreshToken(refreshToken, grants.parts, key));
    const seen = config.forceCredentials ? undefined : await grants.stored(account);
    const kept = seen && (await keptTokens(seen, config, grants, account));
    if (kept) return kept;
    const flights = credentialFlights.get(storage) ?? createSingleFlight<TokenSet>();
    credentialFlights.set(storage, flights);
    const request = (): Promise<TokenSet> => requestAnew(config, grants, account, seen);
    return await joinOrStart(flights, key, request, { limitMs: resolved.policy.joinMs });
  } finally {
    await grants.close();
  }
}

/**
 * Stores the refresh token of a config as a grant whose access token has expired, where nothing is stored yet or what is stored
 * is dead and came from another refresh token. A record that another process writes meanwhile wins: it may hold the successor.
 */
async function adoptRefreshToken(
  refreshToken: string,
  { store, clock, policy }: GrantKeeper["parts"],
  key: string,
): Promise<void> {
  const stored = await store.read(key);
  const known = stored?.record;
  // Compared as it is: fingerprints of one token differ between processes that seal with different keys.
  const isDead = known?.status === "reauth_required" && known.refreshToken !== refreshToken;
  if (known?.refreshToken !== undefined && !isDead) return;
  const record = await recordFromTokens(
    { store, clock, policy },
    { accessToken: "", refreshToken, expiresAt: 0, tokenType: "bearer" },
  );
  const written = await store.replace(key, stored?.version ?? null, record);
  // After a sign-out a tombstone stands there, and naming its version replaces it.
  if (!written.ok && written.deleted && written.current !== null)
    await store.replace(key, written.current, record);
}

/** Two calls of a storage. */
const longestAdoptionMs = 20_000;

/**
 * One after the other: functions written anew for each call may keep the same object, and one that is saved late would put a
 * spent refresh token in place of its successor.
 */
const adoptions = /* @__PURE__ */ createTurns(longestAdoptionMs);

const credentialFlights = new WeakMap<TokenStorage, SingleFlight<TokenSet>>();

function replacesRequest(config: TokenConfig): boolean {
  const { sendRequest, createRequestHandler, isSuccess, isUnauthorized, handleSuccess, handleError } = config;
  return [sendRequest, createRequestHandler, isSuccess, isUnauthorized, handleSuccess, handleError].some(
    Boolean,
  );
}

/** What is stored, if it still works or can be refreshed. */
async function keptTokens(
  record: TokenRecord,
  config: TokenConfig,
  grants: GrantKeeper,
  account: string,
): Promise<TokenSet | undefined> {
  if (isFresh(record, grants.parts)) return grants.tokens(account);
  const { refreshToken } = record;
  if (refreshToken === undefined) return undefined;
  if (config.useRefreshToken && !(await config.useRefreshToken({ ...config, refreshToken })))
    return undefined;
  try {
    return await grants.tokens(account);
  } catch (error) {
    const dead = isBitbucketAuthError(error) && error.code === "refresh_rejected";
    if (dead && config.credentialsProvider) return undefined;
    throw error;
  }
}

function isFresh(record: TokenRecord, { clock, policy }: GrantKeeper["parts"]): boolean {
  return freshness(record, clock.nowFor(record), policy, { minValidityMs: 0 }) !== "expired";
}

/**
 * Asks for new tokens and saves them in place of the record that was `seen`. A grant that another process has saved meanwhile can
 * be refreshed for months: it stays, and its token is answered.
 */
async function requestAnew(
  config: TokenConfig,
  grants: GrantKeeper,
  account: string,
  seen: TokenRecord | undefined,
): Promise<TokenSet> {
  const isAnotherGrant = ({ status, refreshToken }: TokenRecord): boolean =>
    !config.forceCredentials &&
    status === "active" &&
    refreshToken !== undefined &&
    refreshToken !== seen?.refreshToken;
  const { requestTokens, timeoutMs } = grants.parts;
  const credentials = await config.credentialsProvider?.(config);
  const deadline = startDeadline(timeoutMs);
  try {
    const answer = credentials
      ? await requestTokens(passwordForm(credentials), "password", deadline.signal)
      : await requestTokens(clientCredentialsForm(), "client_credentials", deadline.signal);
    if (answer.kind !== "tokens") throw answer.error;
    const tokens = tokenSetFrom(answer.response);
    const isSaved = await grants.saveTokens(account, tokens, isAnotherGrant);
    return isSaved ? tokens : await grants.tokens(account);
  } finally {
    deadline.cancel();
  }
}
