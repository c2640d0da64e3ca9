import * as fc from "fast-check";
import { anyBody, checkBody } from "./token-body-fuzz.ts";
import { describe, expect, it } from "vitest";

describe("readTokenResponse()", () => {
  it("accepts no invalid field in 20,000 fuzzed bodies", { timeout: 60_000 }, () => {
    const tally = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(anyBody, (body) => checkBody(body, tally)),
      { numRuns: 20_000 },
    );
    expect(tally.accepted).toBeGreaterThan(1_000);
    expect(tally.refused).toBeGreaterThan(1_000);
  });
});
