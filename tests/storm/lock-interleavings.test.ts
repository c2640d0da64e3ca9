import type { TokenStorage } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import {
  describeInterleavings,
  failingSeeds,
  lastLive,
  oneRefreshAtMost,
  oneWriterCounts,
  strict,
} from "./describe-interleavings.ts";

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

// The long suite has 12,000.
describeInterleavings({ anywhere: 200, strict: 100 });

describe("a broken lock", () => {
  it("would be found out if writes were blind", async () => {
    const { failing } = await failingSeeds(250, { ...lastLive, spoil: writingBlindly }, oneWriterCounts);
    expect(failing).not.toEqual([]);
  });

  it("would be found out if a lost lease could be renewed", async () => {
    const { failing } = await failingSeeds(250, { ...strict, spoil: renewingAnyLease }, oneRefreshAtMost);
    expect(failing).not.toEqual([]);
  });
});
