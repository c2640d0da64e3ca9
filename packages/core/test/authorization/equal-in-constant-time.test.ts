import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalInConstantTime } from "../../src/authorization/equal-in-constant-time.ts";

describe("equalInConstantTime()", () => {
  it("agrees with === on any two strings", () => {
    const text = fc.string({ unit: "binary", maxLength: 6 });
    const agrees = fc.property(
      text,
      text,
      (a, b) => equalInConstantTime(a, b) === (a === b) && equalInConstantTime(a, a),
    );
    expect(fc.check(agrees).counterexample).toBeNull();
  });

  it("sees a difference at any place", () => {
    const secret = "0123456789";
    const claims = secret.split("").map((digit) => secret.replace(digit, "x"));
    expect(claims.map((claim) => equalInConstantTime(secret, claim))).toEqual(claims.map(() => false));
  });

  it.each([
    ["secret", "secre"],
    ["secret", "secrets"],
    ["secret", "Secret"],
    ["secret", ""],
    ["", "secret"],
    ["a\u0000", "a"],
    ["a", "a\u0000"],
  ])("tells %j from %j", (secret, claim) => {
    expect(equalInConstantTime(secret, claim)).toBe(false);
  });
});
