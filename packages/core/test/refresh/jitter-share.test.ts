import { describe, expect, it } from "vitest";
import { jitterShare } from "../../src/refresh/jitter-share.ts";

const tokens = Array.from({ length: 10_000 }, (_, index) => `${"x".repeat(2_580)}-${index * 7_919}`);

describe("jitterShare()", () => {
  it("is the same number whenever it is asked for", () => {
    expect(jitterShare("a token", 0.3)).toBe(jitterShare("a token", 0.3));
  });

  it("spreads tokens evenly over [0, 1), whatever the share of the process", () => {
    for (const processShare of [0, 0.4, 0.999]) {
      const shares = tokens.map((token) => jitterShare(token, processShare));
      const inTenth = (tenth: number): number =>
        shares.filter((share) => Math.floor(share * 10) === tenth).length;
      const counts = Array.from({ length: 10 }, (_, tenth) => inTenth(tenth));
      expect(Math.min(...counts)).toBeGreaterThan(900);
      expect(Math.max(...counts)).toBeLessThan(1_100);
      expect(counts.reduce((sum, count) => sum + count)).toBe(tokens.length);
    }
  });

  it("moves with the process, so that two processes do not begin together", () => {
    expect(jitterShare("a token", 0.5)).toBeCloseTo((jitterShare("a token", 0) + 0.5) % 1);
  });

  it("knows an empty token", () => {
    expect(jitterShare("", 0)).toBeGreaterThanOrEqual(0);
  });
});
