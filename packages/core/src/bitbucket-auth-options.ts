import { assertFunction, assertMethods, assertObject, assertText } from "./assert-options.js";
import { bitbucketCloud, type Endpoints } from "./bitbucket-endpoints.js";
import { systemClock, type Clock } from "./clock.js";
import { environmentVariable } from "./environment.js";
import { InvalidOptionsError } from "./errors.js";
import type { Logger } from "./logger.js";
import { refreshPolicy, type RefreshPolicy, type RefreshPolicyOptions } from "./refresh/refresh-policy.js";
import { assertEncryptionKeys, howToMakeAKey, type EncryptionOptions } from "./storage/encryption-keys.js";
import { createMemoryStorage } from "./storage/memory-storage.js";
import { createRecordCipher, plaintextCipher, type RecordCipher } from "./storage/record-encryption.js";
import type { TokenStorage } from "./storage/token-storage.js";
import type { ConsumerCredentials } from "./token-endpoint/consumer-credentials.js";
import { assertSafeUrl } from "./token-endpoint/loopback-or-https.js";
import type { PlainTokens } from "./token-endpoint/token-set.js";

/** What `createBitbucketAuth` takes. Everything has a default but the consumer's credentials, which may be in the environment. */
export interface BitbucketAuthOptions {
  /** The consumer's key. Else `BITBUCKET_CLIENT_ID`, else `bitbucketKey` from the environment. */
  readonly clientId?: string;
  /** The consumer's secret. Else `BITBUCKET_CLIENT_SECRET`, else `bitbucketSecret` from the environment. */
  readonly clientSecret?: string;
  /** Where grants are kept. By default in memory, which forgets them with the process. */
  readonly storage?: TokenStorage;
  /** How grants are sealed at rest. A storage that brings no keys of its own needs this, or an explicit `'none'`. */
  readonly encryption?: EncryptionOptions | "none";
  /** Another server than Bitbucket Cloud: a fake, say. */
  readonly endpoints?: Partial<Endpoints>;
  /** The one door to the network. */
  readonly fetch?: typeof globalThis.fetch;
  /** Bounds what is sent for one token, a repeat included, in milliseconds. */
  readonly timeoutMs?: number;
  readonly refresh?: RefreshPolicyOptions;
  /**
   * Told of tokens that Bitbucket has issued and the storage would not take, so that they can be kept elsewhere. Saving goes
   * on meanwhile. The one place where a refresh token is handed out unasked.
   */
  readonly onUnpersisted?: (account: string | undefined, tokens: PlainTokens) => void;
  readonly logger?: Logger;
  /** `true` logs to the console when no logger is given; `false` silences a given one. */
  readonly logging?: boolean;
  readonly clock?: Clock;
  /** Jitter, a number in [0, 1). Tests pass their own. */
  readonly random?: () => number;
}

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
  assertObject(options, "The argument of createBitbucketAuth()");
  const {
    storage = createMemoryStorage(),
    encryption,
    fetch = (input, init) => globalThis.fetch(input, init),
    timeoutMs = 10_000,
    clock = systemClock,
    random = Math.random,
  } = options;
  assertMethods(storage, "storage", ["get", "compareAndSwap", "delete", "tryLease"]);
  assertObject(storage.caps, "storage.caps");
  assertFunction(fetch, "fetch");
  assertMethods(clock, "clock", ["now"]);
  assertFunction(random, "random");
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) {
    throw new InvalidOptionsError("timeoutMs must be a number of milliseconds above 0.");
  }
  return {
    credentials: consumerCredentials(options),
    storage,
    cipher: chooseCipher(storage, encryption),
    endpoints: checkedEndpoints(options.endpoints ?? {}),
    fetch,
    timeoutMs,
    policy: refreshPolicy(options.refresh ?? {}, random, timeoutMs),
    clock,
    random,
  };
}

function consumerCredentials({ clientId, clientSecret }: BitbucketAuthOptions): ConsumerCredentials {
  const id = clientId ?? environmentVariable("BITBUCKET_CLIENT_ID") ?? environmentVariable("bitbucketKey");
  const secret =
    clientSecret ?? environmentVariable("BITBUCKET_CLIENT_SECRET") ?? environmentVariable("bitbucketSecret");
  if (id) assertText(id, "clientId");
  if (secret) assertText(secret, "clientSecret");
  if (id && secret) return { clientId: id, clientSecret: secret };
  throw new InvalidOptionsError(
    `The consumer's ${id ? "secret" : "key"} is missing. Pass clientId and clientSecret (in a config: consumerKey and ` +
      "consumerSecret) or set BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET. Both are on the consumer's page, under Workspace settings > OAuth consumers (or OAuth clients).",
  );
}

function checkedEndpoints(given: Partial<Endpoints>): Endpoints {
  const endpoints = { ...bitbucketCloud, ...given };
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
  if (encryption) {
    if (typeof encryption !== "object" || !("provider" in encryption)) assertEncryptionKeys(encryption);
    return createRecordCipher(encryption);
  }
  if (storage.ownKeys)
    return createRecordCipher({ provider: () => storage.ownKeys?.() ?? Promise.reject(missingKeys()) });
  if (storage.caps.plaintext) return plaintextCipher;
  throw missingKeys();
}

function missingKeys(): InvalidOptionsError {
  return new InvalidOptionsError(
    `This storage is shared and keeps nothing in clear by accident: pass encryption, or encryption: 'none' if you must. ${howToMakeAKey}`,
  );
}
