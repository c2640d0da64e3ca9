import { createBitbucketAuth, createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";
import { createBitbucketMock, type ProfileOverrides } from "@bitbucket-auth/testing";
import { vi } from "vitest";
import { createTurns, type Turns } from "./turns.ts";

/** What is tried. */
export interface InterleavingOptions {
  readonly profile: ProfileOverrides;
  /** Whether processes may be stopped between the announcement of a refresh and its end, where the lease is not looked at again. */
  readonly stopsAnywhere: boolean;
  /** Breaks the storage on purpose. */
  readonly spoil?: (storage: TokenStorage) => TokenStorage;
}

/** What came of one interleaving. */
export interface Interleaving {
  readonly requests: number;
  readonly reuse: number;
  /** Whether the refresh token that is stored in the end is the one Bitbucket issued last. */
  readonly newestCounts: boolean;
}

const callers = 3;
const leaseMs = 30_000;
const hourMs = 3_600_000;

/**
 * Lets a few programs refresh one grant at once, one storage call or request at a time, in an order that the seed decides.
 * Between two steps everybody may stand still past the lease, and once the clocks may jump by an hour; only Bitbucket's
 * own clock and the monotonic one go on as they should. Whoever is not chosen for long is a process that was frozen.
 */
export async function interleave(seed: number, options: InterleavingOptions): Promise<Interleaving> {
  const time = { ms: Date.UTC(2026, 10, 2) };
  const { setTimeout: realSetTimeout } = globalThis;
  vi.stubGlobal("performance", { now: () => time.ms });
  // Note: waiting costs no time here, or ten thousand interleavings would take an hour.
  vi.stubGlobal("setTimeout", (run: () => void, ms = 0) =>
    ms <= 1 ? setImmediate(run) : realSetTimeout(run, ms),
  );
  try {
    return await play(seed, time, options);
  } finally {
    vi.unstubAllGlobals();
  }
}

async function play(
  seed: number,
  time: { ms: number },
  { profile, stopsAnywhere, spoil = (storage) => storage }: InterleavingOptions,
): Promise<Interleaving> {
  let jumpedMs = 0;
  const clock = { now: () => time.ms + jumpedMs };
  const mock = createBitbucketMock({ clock: { now: () => time.ms }, profile });
  const grant = mock.issueGrant();
  const storage = createMemoryStorage({ clock });
  const turns = createTurns(seed);
  const common = { ...grant.clientOptions, clock, logging: false, random: () => 0 };
  const refresh = { leaseMs, pollMs: [0, 0] as const, rereadMs: 0 };
  const tokens = { ...grant.tokens, expiresAt: time.ms - 3 * hourMs };
  await createBitbucketAuth({ ...common, storage, refresh }).saveTokens("alice", tokens);

  const jumpMs = turns.random() < 0.5 ? hourMs : -hourMs;
  const sending = new Set<number>();
  for (let caller = 0; caller < callers; caller++) {
    const auth = createBitbucketAuth({
      ...common,
      refresh,
      storage: inTurns(spoil(storage), turns, caller, sending),
      fetch: async (input, init) => {
        await turns.take(caller);
        // Note: a `Date` header counts seconds. Two redemptions of one token in one second are ordered by a guess.
        time.ms += 1_000;
        const answer = await mock.fetch(input, init);
        await turns.take(caller);
        return answer;
      },
    });
    await turns.start(caller, () => auth.getAccessToken("alice"));
  }
  while (turns.isAnybodyLeft()) {
    if (stopsAnywhere || sending.size === 0) {
      const chance = turns.random();
      if (chance < 0.15) time.ms += leaseMs + 1_000;
      else if (chance < 0.2) jumpedMs = jumpMs;
    }
    await turns.next();
  }
  const requests = mock.requests.token("refresh_token").length;
  const reader = createBitbucketAuth({ ...common, storage, refresh, fetch: mock.fetch });
  const stored = await reader.getTokens("alice").catch(() => undefined);
  const newest = mock.grant(grant);
  const newestCounts = newest.live && stored?.refreshToken === newest.tokens.refreshToken;
  return { requests, reuse: mock.reuseCount, newestCounts };
}

/** The storage as one program sees it: each call waits for its turn. `sending`: who has announced a refresh. */
function inTurns(storage: TokenStorage, turns: Turns, caller: number, sending: Set<number>): TokenStorage {
  const { watch: _, ...polled } = storage;
  return {
    ...polled,
    async get(key, options) {
      await turns.take(caller);
      return storage.get(key, options);
    },
    async compareAndSwap(key, expected, bytes, options) {
      await turns.take(caller);
      const result = await storage.compareAndSwap(key, expected, bytes, options);
      // The first write announces a refresh, the next one ends it.
      if (result.ok && !sending.delete(caller)) sending.add(caller);
      return result;
    },
    async tryLease(key, options) {
      await turns.take(caller);
      const lease = await storage.tryLease(key, options);
      return (
        lease && {
          fence: lease.fence,
          async renew(ttlMs) {
            await turns.take(caller);
            return lease.renew(ttlMs);
          },
          async release() {
            await turns.take(caller);
            sending.delete(caller);
            await lease.release();
          },
        }
      );
    },
  };
}
