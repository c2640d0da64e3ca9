import { describe, expect, it } from "vitest";
import { interleave, type Interleaving, type InterleavingOptions } from "./interleave.ts";

const shortTokens = { accessTokenLength: 24, refreshTokenLength: 24 };
/** Inside the leeway only the tokens of the last redemption live on: keeping an older one loses the grant. */
export const lastLive: InterleavingOptions = {
  profile: { base: "strict", leewayMs: 24 * 3_600_000, siblings: "last-live", ...shortTokens },
  stopsAnywhere: true,
};
/** Forgives nothing, so that processes are stopped only where they look at their lease again. */
export const strict: InterleavingOptions = {
  profile: { base: "strict", ...shortTokens },
  stopsAnywhere: false,
};

/** The seeds whose interleaving does not hold what was promised. */
export async function failingSeeds(
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

/** What holds wherever processes are stopped. */
export const oneWriterCounts = ({ newestCounts, reuse }: Interleaving): boolean =>
  newestCounts && reuse === 0;
/** What holds where none is stopped between announcing and saving. */
export const oneRefreshAtMost = ({ requests, reuse, newestCounts }: Interleaving): boolean =>
  requests <= 1 && reuse === 0 && newestCounts;

/** Registers the promises of the lock, tried with so many interleavings of each kind. */
export function describeInterleavings(count: { readonly anywhere: number; readonly strict: number }): void {
  describe("the lock of a refresh, with pauses past the lease and a clock that jumps by an hour", () => {
    it(`never lets two writers count, in ${count.anywhere} interleavings`, { timeout: 300_000 }, async () => {
      const { failing, requests } = await failingSeeds(count.anywhere, lastLive, oneWriterCounts);
      expect(failing).toEqual([]);
      // Two did redeem the same token, many times: it is the merge that decided.
      expect(requests).toBeGreaterThan(count.anywhere * 1.1);
    });

    it(
      `refreshes once unless a process is stopped between announcing and saving, in ${count.strict} interleavings`,
      { timeout: 120_000 },
      async () => {
        const { failing, requests } = await failingSeeds(count.strict, strict, oneRefreshAtMost);
        expect(failing).toEqual([]);
        // Where leases lapse all the time everybody may give up, before anything is sent.
        expect(requests).toBeGreaterThan(count.strict * 0.95);
      },
    );
  });
}
