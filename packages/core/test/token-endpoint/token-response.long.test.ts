import * as fc from "fast-check";
import { anyBody, checkBody } from "./token-body-fuzz.ts";
import { describe, expect, it } from "vitest";

describe("readTokenResponse()", () => {
  it("accepts no invalid field in 1,000,000 fuzzed bodies", { timeout: 15 * 60 * 1000 }, () => {
    const tally = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(anyBody, (body) => checkBody(body, tally)),
      { numRuns: 1_000_000 },
    );
    expect(tally.accepted + tally.refused).toBe(1_000_000);
    expect(tally.accepted).toBeGreaterThan(50_000);
    expect(tally.refused).toBeGreaterThan(50_000);
  });
});
