import { describe, expect, it } from "vitest";
import { assertRefreshAllowed, requireRefreshToken, signedOut } from "../../src/refresh/refresh-guards.ts";
import { refreshPolicy } from "../../src/refresh/refresh-policy.ts";
import type { TokenRecord } from "../../src/storage/token-record.ts";
import { createServerClock } from "../../src/refresh/server-clock.ts";
import { activeRecord, movableClock, startOfTest } from "./refresh-under-test.ts";

const policy = refreshPolicy({}, () => 0);
const none = { minValidityMs: 0 };

function refusal(record: TokenRecord, rejected?: string, ageMs = 0): unknown {
  const clock = createServerClock(movableClock(startOfTest + ageMs), () => undefined);
  try {
    assertRefreshAllowed(record, { ...none, rejected }, { clock, policy, account: "ann" });
    return "allowed";
  } catch (error) {
    return error;
  }
}

describe("assertRefreshAllowed()", () => {
  it("allows a record in good order", () => {
    expect(refusal(activeRecord())).toBe("allowed");
  });

  it("refuses a grant that Bitbucket has declared dead, with the reason that was noted", () => {
    const failure = { code: "refresh_rejected", at: 1, count: 1, reason: "lost_rotation" } as const;
    expect(refusal(activeRecord({ status: "reauth_required", failure }))).toMatchObject({
      code: "refresh_rejected",
      certainty: "certain",
      reason: "lost_rotation",
      account: "ann",
    });
  });

  it.each([
    ["token_request_failed", "token_request_failed"],
    ["token_response_invalid", "token_request_failed"],
    ["refresh_rejected", "refresh_rejected"],
  ])("refuses during the cool-down of %s, and says until when", (code, expected) => {
    const failure = { code, at: startOfTest, count: 1, retryAt: startOfTest + 5_000 };
    expect(refusal(activeRecord({ failure }), undefined, 4_999)).toMatchObject({
      code: expected,
      retryAt: startOfTest + 5_000,
      account: "ann",
    });
    expect(refusal(activeRecord({ failure }), undefined, 5_000)).toBe("allowed");
  });

  it("judges a record by Bitbucket's clock and says until when by this machine's", () => {
    const clock = createServerClock(movableClock(startOfTest - 7_200_000), () => undefined);
    clock.atLeast(startOfTest);
    const failure = { code: "refresh_rejected", at: startOfTest, count: 1, retryAt: startOfTest + 5_000 };
    expect(() =>
      assertRefreshAllowed(activeRecord({ failure }), none, { clock, policy, account: "ann" }),
    ).toThrow(expect.objectContaining({ retryAt: startOfTest + 5_000 - 7_200_000 }));
  });

  it("does not burn a second rotation for a token that was refreshed less than a minute ago", () => {
    expect(refusal(activeRecord(), "access-1", 59_999)).toMatchObject({
      code: "access_token_rejected",
      retryAt: startOfTest + 60_000,
    });
    expect(refusal(activeRecord(), "access-1", 60_000)).toBe("allowed");
  });

  it("lets a token be refreshed that came from a sign-in, however young", () => {
    expect(refusal(activeRecord({ parentFp: undefined }), "access-1", 1)).toBe("allowed");
  });

  it("does not care about the rejection of another token", () => {
    expect(refusal(activeRecord(), "access-0", 1)).toBe("allowed");
  });

  it("does not trust an age below zero, which a clock set back makes", () => {
    expect(refusal(activeRecord(), "access-1", -7_200_000)).toBe("allowed");
  });
});

describe("requireRefreshToken()", () => {
  it("gives the refresh token", () => {
    expect(requireRefreshToken(activeRecord(), "ann")).toBe("refresh-1");
  });

  it("asks for a new sign-in where none was saved", () => {
    expect(() => requireRefreshToken(activeRecord({ refreshToken: undefined }), "ann")).toThrow(
      expect.objectContaining({ code: "refresh_rejected", certainty: "certain", account: "ann" }),
    );
  });
});

describe("signedOut()", () => {
  it("names the account", () => {
    expect(signedOut("ann")).toMatchObject({ code: "signed_out", account: "ann" });
  });
});
