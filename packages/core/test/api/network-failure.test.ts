import { describe, expect, it } from "vitest";
import { networkFailureCode } from "../../src/api/network-failure.ts";
import { nodeFetchError } from "../fake-fetch.ts";

describe("networkFailureCode()", () => {
  it.each(["ECONNRESET", "UND_ERR_SOCKET", "CERT_HAS_EXPIRED", "ConnectionRefused"])(
    "finds %s below the error",
    (code) => {
      expect(networkFailureCode(nodeFetchError(code))).toBe(code);
    },
  );

  it("finds none where there is none", () => {
    expect(networkFailureCode(new TypeError("Failed to fetch"))).toBeUndefined();
    expect(networkFailureCode("ECONNRESET")).toBeUndefined();
    expect(networkFailureCode(undefined)).toBeUndefined();
  });

  it.each([
    ["a number", 20],
    ["a sentence", "Bearer abc"],
    ["a token", "eyJhbGciOiJIUzI1NiJ9"],
    ["a long word", "A".repeat(41)],
  ])("takes %s for no code", (_what, code) => {
    expect(networkFailureCode(Object.assign(new Error("x"), { code }))).toBeUndefined();
  });

  it("ends on errors that cause each other", () => {
    const error = new Error("x");
    error.cause = error;
    expect(networkFailureCode(error)).toBeUndefined();
  });
});
