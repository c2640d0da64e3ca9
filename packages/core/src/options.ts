import {
  assertCredential,
  assertFunction,
  assertClock,
  assertMethods,
  assertObject,
  assertOptions,
  assertTimeLimit,
  bitbucketCloud,
  environmentVariable,
  platformFetch,
  systemClock,
  type Clock,
  type Endpoints,
  type Logger,
  assertWebCrypto,
} from "./environment.js";
import { InvalidOptionsError } from "./errors.js";
import { refreshPolicy, type RefreshPolicy, type RefreshPolicyOptions } from "./refresh/policy.js";
import {
  assertEncryptionKeys,
  howToMakeAKey,
  type EncryptionOptions,
  createRecordCipher,
  plaintextCipher,
  type RecordCipher,
} from "./storage/encryption.js";
import { createMemoryStorage } from "./storage/memory-storage.js";
import type { TokenStorage } from "./storage/token-storage.js";
import { type ConsumerCredentials, assertSafeUrl } from "./token-endpoint/request.js";
import type { PlainTokens } from "./token-endpoint/response.js";

/** What `createBitbucketAuth` takes. Everything has a default but the consumer's credentials, which may be in the environment. */
export interface BitbucketAuthOptions {
  /** The consumer's key. Else `BITBUCKET_CLIENT_ID`, else `bitbucketKey` from the environment. */
  readonly clientId?: string | undefined;
  /** The consumer's secret. Else `BITBUCKET_CLIENT_SECRET`, else `bitbucketSecret` from the environment. */
  readonly clientSecret?: string | undefined;
  /** Where grants are stored. By default in memory, which is lost with the process. */
  readonly storage?: TokenStorage | undefined;
  /** How grants are encrypted at rest. A storage that brings no keys of its own needs this, or an explicit `'none'`. */
  readonly encryption?: EncryptionOptions | "none" | undefined;
  /** Another server than Bitbucket Cloud, such as a fake. */
  readonly endpoints?: EndpointOptions | undefined;
  /** Sends every request. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Limit of everything that is sent for one token, a repeat included, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number | undefined;
  /** The numbers of the refresh algorithm, such as how long before expiry a token is refreshed. */
  readonly refresh?: RefreshPolicyOptions | undefined;
  /**
   * Receives tokens that Bitbucket has issued and the storage did not take, refresh token included, so that they can be kept
   * elsewhere. Saving goes on meanwhile.
   */
  readonly onUnpersisted?: ((account: string | undefined, tokens: PlainTokens) => void) | undefined;
  /**
   * Receives the work that goes on after a call has been answered: a refresh ahead of need, and saving what the storage did not
   * take. For platforms that end what a request began with its response (Workers, serverless functions): pass the `waitUntil`
   * of the request to each call, or one here that finds the current request by itself.
   */
  readonly waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
  /** Where log lines go. Without it only errors are logged, to the console. */
  readonly logger?: Logger | undefined;
  /** `true` logs everything to the console when no logger is given; `false` logs nothing. */
  readonly logging?: boolean | undefined;
  /** Where "now" comes from: anything with `now()`, `Date` included. @default the machine's clock */
  readonly clock?: Clock | undefined;
  /** Source of jitter: a number in [0, 1). Tests pass their own. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** Endpoints, each of which may be left out. */
export type EndpointOptions = { readonly [Name in keyof Endpoints]?: Endpoints[Name] | undefined };

const optionNames: readonly (keyof BitbucketAuthOptions)[] = [
  "clientId",
  "clientSecret",
  "storage",
  "encryption",
  "endpoints",
  "fetch",
  "timeoutMs",
  "refresh",
  "onUnpersisted",
  "waitUntil",
  "logger",
  "logging",
  "clock",
  "random",
];

/** The options with every default applied and everything checked. */
export interface ResolvedOptions {
  readonly credentials: ConsumerCredentials;
  readonly storage: TokenStorage;
  readonly cipher: RecordCipher;
  readonly endpoints: Endpoints;
  readonly fetch: typeof globalThis.fetch;
  readonly timeoutMs: number;
  readonly policy: RefreshPolicy;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Applies defaults. Throws `InvalidOptionsError` before anything is sent or written. */
export function resolveOptions(options: BitbucketAuthOptions): ResolvedOptions {
  assertOptions(options, "createBitbucketAuth()", optionNames);
  assertWebCrypto();
  const {
    storage = createMemoryStorage(),
    encryption,
    endpoints = {},
    fetch = platformFetch,
    timeoutMs = 10_000,
    refresh = {},
    onUnpersisted,
    waitUntil,
    logger,
    clock = systemClock,
    random = Math.random,
  } = options;
  assertMethods(storage, "storage", ["get", "compareAndSwap", "delete", "tryLease"]);
  assertObject(storage.caps, "storage.caps");
  assertFunction(fetch, "fetch");
  assertClock(clock);
  assertFunction(random, "random");
  if (onUnpersisted !== undefined) assertFunction(onUnpersisted, "onUnpersisted");
  if (waitUntil !== undefined) assertFunction(waitUntil, "waitUntil");
  if (logger !== undefined) assertMethods(logger, "logger", []);
  assertTimeLimit(timeoutMs, "timeoutMs");
  return {
    credentials: consumerCredentials(options),
    storage,
    cipher: chooseCipher(storage, encryption),
    endpoints: checkedEndpoints(endpoints),
    fetch,
    timeoutMs,
    policy: refreshPolicy(refresh, random, timeoutMs),
    clock,
    random,
  };
}

/** The options without those that are `undefined`, which would otherwise replace a default. */
function withoutUndefined<Options extends object>(
  options: Options,
): { [Name in keyof Options]: Exclude<Options[Name], undefined> };
function withoutUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function consumerCredentials({ clientId, clientSecret }: BitbucketAuthOptions): ConsumerCredentials {
  const id = credential(clientId, "clientId", ["BITBUCKET_CLIENT_ID", "bitbucketKey"]);
  const secret = credential(clientSecret, "clientSecret", ["BITBUCKET_CLIENT_SECRET", "bitbucketSecret"]);
  if (id && secret) return { clientId: id, clientSecret: secret };
  throw new InvalidOptionsError(
    `The consumer's ${id ? "secret" : "key"} is missing. Pass clientId and clientSecret (in a config: consumerKey and ` +
      "consumerSecret) or set BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET. Both are on the consumer's page, under Workspace settings > OAuth consumers (or OAuth clients).",
  );
}

/** The option, else the first of its environment variables that is set. */
function credential(given: string | undefined, option: string, variables: readonly string[]): string {
  if (given !== undefined) {
    if (given !== "") assertCredential(given, option);
    return given;
  }
  for (const variable of variables) {
    const value = environmentVariable(variable);
    if (value === undefined) continue;
    assertCredential(value, `${option} (from the environment variable ${variable})`);
    return value;
  }
  return "";
}

function checkedEndpoints(given: EndpointOptions): Endpoints {
  assertOptions(given, "endpoints", Object.keys(bitbucketCloud));
  const endpoints = { ...bitbucketCloud, ...withoutUndefined(given) };
  for (const [name, url] of Object.entries(endpoints)) assertSafeUrl(url, `endpoints.${name}`);
  const api = new URL(endpoints.apiUrl);
  if (api.pathname !== "/" || api.search || api.hash) {
    throw new InvalidOptionsError(
      `endpoints.apiUrl must be an origin without a path, such as ${bitbucketCloud.apiUrl}.`,
    );
  }
  return { ...endpoints, apiUrl: api.origin };
}

function chooseCipher(storage: TokenStorage, encryption: BitbucketAuthOptions["encryption"]): RecordCipher {
  if (encryption === "none") return plaintextCipher;
  if (encryption !== undefined) {
    if (typeof encryption !== "object" || encryption === null || !("provider" in encryption)) {
      assertEncryptionKeys(encryption);
      assertOptions(encryption, "encryption", ["current", "keys", "migratePlaintext"]);
    } else {
      assertOptions(encryption, "encryption", ["provider", "migratePlaintext"]);
      assertFunction(encryption.provider, "encryption.provider");
    }
    return createRecordCipher(encryption);
  }
  if (storage.ownKeys)
    return createRecordCipher({ provider: () => storage.ownKeys?.() ?? Promise.reject(missingKeys()) });
  if (storage.caps.plaintext) return plaintextCipher;
  throw missingKeys();
}

function missingKeys(): InvalidOptionsError {
  return new InvalidOptionsError(
    "This storage requires encryption. Pass `encryption: { current, keys }`, or `encryption: 'none'` to store tokens unencrypted. " +
      howToMakeAKey,
  );
}
