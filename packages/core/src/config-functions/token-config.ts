import { assertFunction, assertObject } from "../assert-options.js";
import type { BitbucketAuthOptions } from "../bitbucket-auth-options.js";
import { InvalidOptionsError } from "../errors.js";
import { configStorage, type ConfigFunctions } from "../storage/config-storage.js";
import { createMemoryStorage } from "../storage/memory-storage.js";
import type { TokenStorage } from "../storage/token-storage.js";
import type { RequestFunctions } from "./request-functions.js";

/** A user name and password, for servers that still take them. */
export interface UserCredentials {
  readonly username: string;
  readonly password: string;
}

/** What `getAccessToken(config)` and `getTokens(config)` take. */
export interface TokenConfig
  extends
    Partial<RequestFunctions>,
    Partial<ConfigFunctions>,
    Pick<
      BitbucketAuthOptions,
      "encryption" | "endpoints" | "fetch" | "timeoutMs" | "clock" | "logger" | "logging" | "onUnpersisted"
    > {
  /** Tells the grants of several programs apart in one storage. */
  readonly appName?: string;
  /** Else `BITBUCKET_CLIENT_ID`, else `bitbucketKey` from the environment. */
  readonly consumerKey?: string;
  /** Else `BITBUCKET_CLIENT_SECRET`, else `bitbucketSecret` from the environment. */
  readonly consumerSecret?: string;
  /** A storage, or an object with `loadConfig` and `saveConfig`. */
  readonly storage?: TokenStorage | ConfigFunctions;
  /** `true` asks for new tokens whatever is stored. */
  readonly forceCredentials?: boolean;
  /** Whether to use the stored refresh token; without it, always. */
  readonly useRefreshToken?: (
    config: TokenConfig & { readonly refreshToken: string },
  ) => boolean | Promise<boolean>;
  /**
   * Gives a user name and password for the password grant.
   * @deprecated Bitbucket dropped that grant; other servers may have it. Sign the person in with `createBitbucketAuth`.
   */
  readonly credentialsProvider?: (config: TokenConfig) => UserCredentials | Promise<UserCredentials>;
}

/** The options of `createBitbucketAuth` that a config stands for. */
export function optionsFromConfig(config: TokenConfig, storage: TokenStorage): BitbucketAuthOptions {
  const {
    consumerKey,
    consumerSecret,
    encryption,
    endpoints,
    fetch,
    timeoutMs,
    clock,
    logger,
    logging,
    onUnpersisted,
  } = config;
  return {
    storage,
    // Whatever is due is fetched when it is needed: nothing of the call outlives it.
    refresh: { eagerMs: 0, jitterMs: 0 },
    ...(consumerKey !== undefined && { clientId: consumerKey }),
    ...(consumerSecret !== undefined && { clientSecret: consumerSecret }),
    ...(encryption && { encryption }),
    ...(endpoints && { endpoints }),
    ...(fetch && { fetch }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(clock && { clock }),
    ...(logger && { logger }),
    ...(logging !== undefined && { logging }),
    ...(onUnpersisted && { onUnpersisted }),
  };
}

/**
 * The storage a config names. The same object or the same two functions always give the same storage, so that two calls at
 * once know of each other.
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
