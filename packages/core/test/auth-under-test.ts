import type { BitbucketAuth } from "../src/bitbucket-auth.ts";
import { createBitbucketAuth } from "../src/create-bitbucket-auth.ts";
import type { BitbucketAuthEvent, BitbucketAuthEvents } from "../src/events.ts";
import type { BitbucketAuthOptions } from "../src/options.ts";
import type { RefreshPolicyOptions } from "../src/refresh/policy.ts";
import { createMemoryStorage } from "../src/storage/memory-storage.ts";
import { decodeTokenRecord, encodeTokenRecord, type TokenRecord } from "../src/storage/record.ts";
import type { Lease, TokenStorage } from "../src/storage/token-storage.ts";
import type { PlainTokens } from "../src/token-endpoint/response.ts";
import {
  type CannedAnswer,
  createFakeFetch,
  type FakeFetch,
  jsonResponse,
  nodeFetchError,
  tokenBody,
} from "./fake-fetch.ts";
import { createScriptedStorage, type Fate, type ScriptedStorage } from "./storage/scripted-storage.ts";

const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const startOfTest = 1_800_000_000_000;

export interface MovableClock {
  now(): number;
  move(ms: number): void;
}

export function movableClock(start: number = startOfTest): MovableClock {
  let now = start;
  return { now: () => now, move: (ms) => void (now += ms) };
}

/** Where the consumer "id" keeps an account's grant, or its own. */
export function keyOf(account: string | undefined = "ann"): string {
  return `bitbucket.org/id/user/${account}`;
}
export const consumerKey = "bitbucket.org/id/client";

export interface AuthUnderTest extends FakeFetch {
  readonly auth: BitbucketAuth;
  readonly clock: MovableClock;
  /** What the one under test uses: its calls are counted and can be scripted. */
  readonly storage: TokenStorage;
  readonly calls: ScriptedStorage["calls"];
  readonly script: ScriptedStorage["script"];
  /** Names of what the one under test emitted, in order. */
  readonly events: readonly BitbucketAuthEvent[];
  /** What it tells of one event from now on, in order. */
  hear<E extends BitbucketAuthEvent>(name: E): readonly BitbucketAuthEvents[E][];
  /** The refresh tokens that were sent, in order; a client credentials request counts as "consumer". */
  sent(): readonly string[];
  /** Another one of the same consumer on the same storage, as another process would have it. Its calls are not counted. */
  another(options?: BitbucketAuthOptions): BitbucketAuth;
  /** Stores a record in place of whatever is stored, as another process would. */
  store(overrides?: Partial<TokenRecord>, key?: string): Promise<void>;
  stored(key?: string): Promise<TokenRecord | undefined>;
  /** Another process takes the lease, if it is free. */
  takeLease(key?: string): Promise<Lease | null>;
  isLeaseFree(key?: string): Promise<boolean>;
}

/** What a test may want otherwise. */
export interface AuthUnderTestOptions extends BitbucketAuthOptions {
  /** How far a lease of this storage is said to reach. */
  readonly lease?: "process" | "host" | "distributed";
}

/**
 * A `BitbucketAuth` over a memory storage, canned answers of the token endpoint, and a clock that stands still. The last answer
 * repeats. Pauses between two looks take no time unless `refresh` says otherwise.
 */
export function createAuthUnderTest(
  answers: readonly CannedAnswer[] = [],
  { lease, ...options }: AuthUnderTestOptions = {},
): AuthUnderTest {
  const clock = movableClock();
  const memory = options.storage ?? createMemoryStorage({ clock });
  const inner = lease ? { ...memory, caps: { ...memory.caps, lease } } : memory;
  const scripted = createScriptedStorage(inner);
  const network = createFakeFetch(...orNothing(answers));
  const refresh: RefreshPolicyOptions = { jitterMs: 0, rereadMs: 0, pollMs: [0, 0], ...options.refresh };
  const make = (storage: TokenStorage, more: BitbucketAuthOptions = {}): BitbucketAuth =>
    createBitbucketAuth({
      clientId: "id",
      clientSecret: "secret",
      clock,
      fetch: network.fetch,
      logging: false,
      random: () => 0,
      ...options,
      storage,
      refresh,
      ...more,
    });
  const auth = make(scripted.storage);
  const events: BitbucketAuthEvent[] = [];
  for (const name of eventNames) auth.on(name, () => void events.push(name));
  let writes = 0;
  return {
    ...network,
    clock,
    storage: scripted.storage,
    calls: scripted.calls,
    script: scripted.script,
    auth,
    events,
    hear(name) {
      const heard: BitbucketAuthEvents[typeof name][] = [];
      auth.on(name, (event) => void heard.push(event));
      return heard;
    },
    sent: () =>
      network.requests
        .filter(({ method }) => method === "POST")
        .map(({ form }) => form.get("refresh_token") ?? "consumer"),
    another: (more) => make(inner, more),
    async store(overrides = {}, key = keyOf()) {
      const bytes = encodeTokenRecord(activeRecord(overrides));
      const version = `of another process ${++writes}`;
      let written = await inner.compareAndSwap(key, null, bytes, { version });
      if (!written.ok) written = await inner.compareAndSwap(key, written.current, bytes, { version });
      if (!written.ok) throw new Error("the record was not stored");
    },
    async stored(key = keyOf()) {
      const entry = await inner.get(key);
      return entry ? decodeTokenRecord(entry.bytes) : undefined;
    },
    takeLease: (key = keyOf()) => inner.tryLease(key, { owner: "another process", ttlMs: 30_000 }),
    async isLeaseFree(key = keyOf()) {
      const taken = await inner.tryLease(key, { owner: "the test", ttlMs: 30_000 });
      await taken?.release();
      return taken !== null;
    },
  };
}

const eventNames: readonly BitbucketAuthEvent[] = [
  "refreshed",
  "joined",
  "adopted",
  "failed",
  "persistFailed",
  "persisted",
  "persistAbandoned",
  "leaseLost",
  "leaseWaited",
  "conflict",
  "siblingMerged",
  "reuseSuspected",
  "storageFailed",
  "signedIn",
  "signedOut",
  "clockSkew",
  "consumerBlocked",
  "consumerUnblocked",
];

function orNothing(answers: readonly CannedAnswer[]): readonly [CannedAnswer, ...CannedAnswer[]] {
  const [first = new Error("nothing is to be sent"), ...others] = answers;
  return [first, ...others];
}

/** A record in good order, obtained when the test began, living two hours. */
export function activeRecord(overrides: Partial<TokenRecord> = {}): TokenRecord {
  return {
    schema: 1,
    accessToken: "access-1",
    accessExpiresAt: startOfTest + 2 * hour,
    refreshToken: "refresh-1",
    refreshExpiresAt: startOfTest + 90 * 24 * hour,
    scope: "account repository",
    tokenType: "bearer",
    obtainedAt: startOfTest,
    refreshFp: "fingerprint-of-refresh-1",
    parentFp: "fingerprint-of-refresh-0",
    fence: 3,
    generation: 4,
    status: "active",
    signedInAt: startOfTest - hour,
    ...overrides,
  };
}

/** The dates of a token that lives two hours and was obtained so many minutes before the test began. */
export function minutesOld(age: number): Pick<TokenRecord, "obtainedAt" | "accessExpiresAt"> {
  const obtainedAt = startOfTest - age * minute;
  return { obtainedAt, accessExpiresAt: obtainedAt + 2 * hour };
}
export const expired = minutesOld(120);
/** In the last quarter of an hour, before the last half minute. */
export const due = minutesOld(110);

/** Tokens as a caller hands them in, living two hours from now. */
export function freshTokens(clock: MovableClock): PlainTokens {
  return {
    accessToken: "access-1",
    refreshToken: "refresh-1",
    expiresAt: clock.now() + 2 * hour,
    scopes: ["account", "repository"],
    tokenType: "bearer",
  };
}

/** What Bitbucket answers to a token request that it grants. */
export function grants(n: number, more: Readonly<Record<string, unknown>> = {}): Response {
  return jsonResponse(tokenBody({ access_token: `access-${n}`, refresh_token: `refresh-${n}`, ...more }));
}

/** The connection broke after the request: the refresh token may be spent. */
export const lostAnswer: CannedAnswer = nodeFetchError("ECONNRESET");
/** No connection was made: nothing was sent. */
export const unsent: CannedAnswer = nodeFetchError("ECONNREFUSED");
/** Bitbucket cannot just now, and has redeemed nothing. */
export const down: CannedAnswer = new Response("busy", { status: 503 });
/** Bitbucket failed, and may have redeemed before. */
export const badGateway: CannedAnswer = new Response("bad gateway", { status: 502 });
/** An answer that is none. */
export const nonsense: CannedAnswer = new Response("<html>", { headers: { "content-type": "text/html" } });
/** Bitbucket's explicit word that the grant is gone. */
export const dead: CannedAnswer = jsonResponse(
  { error: "invalid_grant", error_description: "The specified refresh_token is not valid." },
  { status: 400 },
);
/** A dead grant, a wrong secret, or a short lockout: Bitbucket answers all three alike. */
export const doubtful: CannedAnswer = jsonResponse(
  { error: "unauthorized_client", error_description: "Invalid OAuth client credentials" },
  { status: 400 },
);
/** The consumer is set up wrongly. */
export const misconfigured: CannedAnswer = jsonResponse({ error: "invalid_client" }, { status: 401 });

/** What a storage does while it cannot be reached. */
export const storageDown: Fate = { before: new Error("connection refused") };
/** So many calls that fail. */
export function fails(times: number): readonly Fate[] {
  return Array.from({ length: times }, () => storageDown);
}
