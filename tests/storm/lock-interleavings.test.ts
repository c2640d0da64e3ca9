import type { TokenStorage } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { interleave, type Interleaving, type InterleavingOptions } from "./interleave.ts";

const shortTokens = { accessTokenLength: 24, refreshTokenLength: 24 };
/** Inside the leeway only the tokens of the last redemption live on: keeping an older one loses the grant. */
const lastLive: InterleavingOptions = {
  profile: { base: "strict", leewayMs: 24 * 3_600_000, siblings: "last-live", ...shortTokens },
  stopsAnywhere: true,
};
const strict: InterleavingOptions = { profile: { base: "strict", ...shortTokens }, stopsAnywhere: false };

/** The seeds whose interleaving does not hold what was promised. */
async function failingSeeds(
  seeds: number,
  options: InterleavingOptions,
  holds: (interleaving: Interleaving) => boolean,
): Promise<{ failing: number[]; requests: number }> {
  const first = Math.floor(Math.random() * 1_000_000);
  const failing: number[] = [];
  let requests = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const interleaving = await interleave(seed, options);
    requests += interleaving.requests;
    if (!holds(interleaving)) failing.push(seed);
  }
  return { failing, requests };
}

const oneWriterCounts = ({ newestCounts, reuse }: Interleaving): boolean => newestCounts && reuse === 0;
const oneRefreshAtMost = ({ requests, reuse, newestCounts }: Interleaving): boolean =>
  requests <= 1 && reuse === 0 && newestCounts;

/** Overwrites whatever is there. */
const writingBlindly = (storage: TokenStorage): TokenStorage => ({
  ...storage,
  async compareAndSwap(key, _expected, bytes, options) {
    const result = await storage.compareAndSwap(key, null, bytes, options);
    return result.ok || result.current === null
      ? result
      : storage.compareAndSwap(key, result.current, bytes, options);
  },
});

/** Says of every lease that it still stands. */
const renewingAnyLease = (storage: TokenStorage): TokenStorage => ({
  ...storage,
  async tryLease(key, options) {
    const lease = await storage.tryLease(key, options);
    return lease && { ...lease, renew: async (ttlMs) => (await lease.renew(ttlMs)) || true };
  },
});

describe("the lock of a refresh, with pauses past the lease and a clock that jumps by an hour", () => {
  it("never lets two writers count, in 10,000 interleavings", { timeout: 300_000 }, async () => {
    const { failing, requests } = await failingSeeds(10_000, lastLive, oneWriterCounts);
    expect(failing).toEqual([]);
    // Two did redeem the same token, many times: it is the merge that decided.
    expect(requests).toBeGreaterThan(11_000);
  });

  it(
    "refreshes once unless a process is stopped between announcing and saving, in 2,000 interleavings",
    { timeout: 120_000 },
    async () => {
      const { failing, requests } = await failingSeeds(2_000, strict, oneRefreshAtMost);
      expect(failing).toEqual([]);
      // Where leases lapse all the time everybody may give up, before anything is sent.
      expect(requests).toBeGreaterThan(1_900);
    },
  );

  it("would be found out if writes were blind", async () => {
    const { failing } = await failingSeeds(500, { ...lastLive, spoil: writingBlindly }, oneWriterCounts);
    expect(failing).not.toEqual([]);
  });

  it("would be found out if a lost lease could be renewed", async () => {
    const { failing } = await failingSeeds(500, { ...strict, spoil: renewingAnyLease }, oneRefreshAtMost);
    expect(failing).not.toEqual([]);
  });
});
