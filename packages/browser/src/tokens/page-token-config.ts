import {
  bitbucketCloud,
  type Clock,
  type ConfigFunctions,
  InvalidOptionsError,
  type RefreshTokensOptions,
  systemClock,
  type TokenConfig,
} from "@bitbucket-auth/core";
import { assertKinds } from "./assert-kinds.js";

/**
 * What `bitbucketAuth.getAccessToken(config)` takes: the names of core's `getAccessToken(config)`, save for what a page has no
 * room for. With a storage of core's, `encryption` or a replaced request it throws; use core in a bundle of your own then.
 */
export interface PageTokenConfig
  extends
    Partial<ConfigFunctions>,
    Pick<
      TokenConfig,
      | "appName"
      | "consumerKey"
      | "consumerSecret"
      | "forceCredentials"
      | "endpoints"
      | "fetch"
      | "timeoutMs"
      | "clock"
      | "logger"
      | "logging"
      | "onUnpersisted"
      | "useRefreshToken"
      | "credentialsProvider"
    > {
  /** An object with `loadConfig` and `saveConfig`. */
  readonly storage?: ConfigFunctions;
}

/** A config, checked and complete. */
export interface TokenPlan {
  readonly config: PageTokenConfig;
  readonly functions: ConfigFunctions | undefined;
  /** Two calls with the same owner keep their grants in the same place. */
  readonly owner: object;
  readonly account: string;
  /** Names the grant, exactly as core does. */
  readonly key: string;
  readonly request: Omit<RefreshTokensOptions, "refreshToken"> & { readonly timeoutMs: number };
  readonly clock: Clock;
}

/** What is core's alone. */
const notHere = [
  "encryption",
  "sendRequest",
  "createRequestHandler",
  "isSuccess",
  "isUnauthorized",
  "handleSuccess",
  "handleError",
];

/** Owns the calls that keep nothing. */
const nowhere = {};

/** Completes a config. Throws `InvalidOptionsError` before anything is sent or written. */
export function readTokenConfig(config: PageTokenConfig): TokenPlan {
  assertKinds(config);
  const {
    consumerKey: clientId = "",
    consumerSecret: clientSecret = "",
    appName: account = "default",
    storage,
    loadConfig,
    saveConfig,
    endpoints,
    fetch = globalThis.fetch,
    timeoutMs = 10_000,
    clock = systemClock,
  } = config;
  if (!clientId || !clientSecret)
    throw new InvalidOptionsError(
      "consumerKey and consumerSecret are missing: both are on the consumer's page.",
    );
  if (notHere.some((name) => name in config) || (storage && "compareAndSwap" in storage))
    throw new InvalidOptionsError(
      `A page takes loadConfig and saveConfig, and none of ${notHere.join(", ")}: for those use getAccessToken() of @bitbucket-auth/core.`,
    );
  const tokenUrl = endpoints?.tokenUrl ?? bitbucketCloud.tokenUrl;
  const site = URL.canParse(tokenUrl) ? new URL(tokenUrl).host : "";
  return {
    config,
    functions: storage ?? (loadConfig && saveConfig && { loadConfig, saveConfig }),
    owner: storage ?? loadConfig ?? nowhere,
    account,
    key: [site, clientId, "user", account].map(encodeURIComponent).join("/"),
    request: { clientId, clientSecret, tokenUrl, fetch, timeoutMs, clock },
    clock,
  };
}
