import type { Clock, PlainTokens, TokenStorage, Lease } from "@bitbucket-auth/core";
import type { ClientOptions } from "../fake/oauth/sign-in.js";
import type { JsonFields } from "../remote/json-fields.js";

/** What a storm asks of a client. A `BitbucketAuth` is one; a few lines make one of anything else that keeps tokens. */
export interface StormClient {
  getAccessToken(account: string): Promise<string>;
  saveTokens(account: string, tokens: PlainTokens): Promise<void>;
  close(): Promise<void>;
}

/** What a worker module is given to make its client of. */
export interface StormSetup {
  /** For `createBitbucketAuth()`, or for what your own client needs: the consumer, the fake's addresses, its time, the network. */
  readonly clientOptions: ClientOptions & {
    readonly clock: Clock;
    readonly fetch: typeof globalThis.fetch;
    readonly logging: false;
  };
  /** Your storage, with the labelled points in it. Without this only the points around a request exist. */
  atPoints(storage: TokenStorage): TokenStorage;
  /** What the caller of the storm passed on: a directory, an address. */
  readonly settings: Readonly<Record<string, string>>;
  /** Adds one to a number of yours in the result. */
  count(name: string): void;
}

/** A worker module exports one of these under the name `createClient`. It is called once in every process. */
export type CreateStormClient = (setup: StormSetup) => StormClient | Promise<StormClient>;

/** What the worker gives its client. */
export interface WorkerParts {
  readonly clock: Clock;
  readonly reach: ReachPoint;
  readonly count: (name: string) => void;
}

/** Loads the module that a storm was given and makes the client of this process. */
export async function loadClient(
  order: JsonFields,
  { clock, reach, count }: WorkerParts,
): Promise<StormClient> {
  const path = order.string("worker");
  const module: unknown = await import(path);
  if (typeof module !== "object" || module === null || !("createClient" in module))
    throw new TypeError(`${path} exports no createClient`);
  const { createClient } = module;
  if (!isFactory(createClient)) throw new TypeError(`createClient of ${path} is not a function`);
  const settings = order.fields("settings");
  return createClient({
    clientOptions: { ...readClientOptions(order.fields("clientOptions"), reach), clock },
    atPoints: (storage) => storageAtPoints(storage, reach),
    settings: Object.fromEntries(settings.entries.map(([name]) => [name, settings.string(name)])),
    count,
  });
}

function isFactory(value: unknown): value is CreateStormClient {
  return typeof value === "function";
}

function readClientOptions(
  options: JsonFields,
  reach: ReachPoint,
): Omit<StormSetup["clientOptions"], "clock"> {
  const endpoints = options.fields("endpoints");
  const tokenUrl = endpoints.string("tokenUrl");
  return {
    clientId: options.string("clientId"),
    clientSecret: options.string("clientSecret"),
    endpoints: {
      authorizationUrl: endpoints.string("authorizationUrl"),
      tokenUrl,
      apiUrl: endpoints.string("apiUrl"),
    },
    fetch: fetchAtPoints((input, init) => globalThis.fetch(input, init), tokenUrl, reach),
    logging: false,
  };
}

/** The steps of one refresh at which a process can be caught, in their order. */
export const stormPoints = [
  "before-lease",
  "lease-held",
  "intent-written",
  "before-send",
  /** Bitbucket has rotated, and its answer is not read yet. */
  "after-send",
  "before-save",
  "saved",
  "before-release",
] as const;

/** The name of such a step. */
export type StormPoint = (typeof stormPoints)[number];

/** Called by whatever arrives at a point; it goes on when this resolves. */
export type ReachPoint = (point: StormPoint) => Promise<void>;

/**
 * The same storage, with a stop at each point it can see from outside: the first write under a lease announces the refresh,
 * the second saves what it brought. Writes without a lease are sign-ins and pass.
 */
export function storageAtPoints(storage: TokenStorage, reach: ReachPoint): TokenStorage {
  const writesUnderLease = new Map<string, number>();
  const list = storage.list?.bind(storage);
  const watch = storage.watch?.bind(storage);
  const ownKeys = storage.ownKeys?.bind(storage);

  const heldLease = (key: string, lease: Lease): Lease => ({
    fence: lease.fence,
    renew: (ttlMs) => lease.renew(ttlMs),
    async release() {
      await reach("before-release");
      writesUnderLease.delete(key);
      await lease.release();
    },
  });
  return {
    caps: storage.caps,
    get: (key, options) => storage.get(key, options),

    async compareAndSwap(key, expected, bytes, options) {
      const before = writesUnderLease.get(key);
      if (before === undefined) return storage.compareAndSwap(key, expected, bytes, options);
      if (before > 0) await reach("before-save");
      const result = await storage.compareAndSwap(key, expected, bytes, options);
      if (!result.ok) return result;
      writesUnderLease.set(key, before + 1);
      await reach(before > 0 ? "saved" : "intent-written");
      return result;
    },

    delete: (key, options) => storage.delete(key, options),

    async tryLease(key, options) {
      await reach("before-lease");
      const lease = await storage.tryLease(key, options);
      if (lease === null) return null;
      writesUnderLease.set(key, 0);
      await reach("lease-held");
      return heldLease(key, lease);
    },

    ...(list && { list }),
    ...(watch && { watch }),
    ...(ownKeys && { ownKeys }),
    close: () => storage.close(),
  };
}

/** A `fetch` with a stop on either side of a token request. Other requests pass. */
export function fetchAtPoints(
  fetch: typeof globalThis.fetch,
  tokenUrl: string,
  reach: ReachPoint,
): typeof globalThis.fetch {
  return async (input, init) => {
    const url = typeof input === "object" && "url" in input ? input.url : String(input);
    if (url !== tokenUrl) return fetch(input, init);
    await reach("before-send");
    const response = await fetch(input, init);
    await reach("after-send");
    return response;
  };
}
