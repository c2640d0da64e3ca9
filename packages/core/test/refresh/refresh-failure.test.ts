import { describe, expect, it } from "vitest";
import { coolDownMs } from "../../src/refresh/refresh-policy.ts";
import {
  failureAsError,
  reauthorizationRequired,
  recordedFailure,
} from "../../src/refresh/refresh-failure.ts";

const now = 1_800_000_000_000;
const random = (): number => 0.5;
const given = { code: "token_request_failed", kind: "failed", now, random } as const;

describe("recordedFailure()", () => {
  it("dates a first failure and lets it cool down", () => {
    const failure = recordedFailure(undefined, given);
    expect(failure).toEqual({
      code: "token_request_failed",
      at: now,
      count: 1,
      retryAt: now + coolDownMs("failed", 1, random),
    });
    expect(failure).not.toHaveProperty("reason");
  });

  it("counts failures of one kind in a row, and begins again with another", () => {
    const second = recordedFailure(recordedFailure(undefined, given), given);
    expect(second).toMatchObject({ count: 2, retryAt: now + coolDownMs("failed", 2, random) });
    expect(recordedFailure(second, { ...given, code: "storage_failed" }).count).toBe(1);
  });

  it("waits as long as Bitbucket asked, where that is longer", () => {
    expect(recordedFailure(undefined, { ...given, retryAfterMs: 3_600_000 }).retryAt).toBe(now + 3_600_000);
    const own = recordedFailure(undefined, given).retryAt;
    expect(recordedFailure(undefined, { ...given, retryAfterMs: 1 }).retryAt).toBe(own);
  });

  it("keeps the reason", () => {
    expect(recordedFailure(undefined, { ...given, kind: "refused", reason: "rejected" })).toMatchObject({
      reason: "rejected",
      retryAt: now + coolDownMs("refused", 1, random),
    });
  });
});

describe("failureAsError()", () => {
  const failure = { code: "refresh_rejected", at: now, count: 1 };
  const whose = { account: "ann", retryAt: now + 1_000 };

  it("doubts a grant that was refused, and says when it is tried again", () => {
    const error = failureAsError(failure, whose);
    expect(error).toMatchObject({
      code: "refresh_rejected",
      certainty: "probable",
      reason: "rejected",
      ...whose,
    });
    expect(error.message).toContain("Signing in again is probably needed");
  });

  it("keeps the reason of the refusal", () => {
    const reused = { ...failure, reason: "lost_rotation" as const };
    expect(failureAsError(reused, whose)).toMatchObject({ reason: "lost_rotation" });
  });

  it("calls any other failure one that passes", () => {
    const error = failureAsError({ ...failure, code: "token_response_invalid" }, whose);
    expect(error).toMatchObject({ code: "token_request_failed", transient: true, ...whose });
    expect(error.message).toContain("Try again after retryAt; the grant is kept.");
  });
});

describe("reauthorizationRequired()", () => {
  it("is certain, names the account and keeps the reason", () => {
    const error = reauthorizationRequired("ann", undefined);
    expect(error).toMatchObject({
      code: "refresh_rejected",
      certainty: "certain",
      reason: "rejected",
      account: "ann",
      message: "Bitbucket no longer accepts this grant. The account has to sign in again.",
    });
    const reason = "lost_rotation" as const;
    expect(reauthorizationRequired("ann", { code: "c", at: now, count: 1, reason })).toMatchObject({
      reason,
    });
  });
});
