import {
  RefreshRejectedError,
  TokenRequestError,
  TokenRequestRejectedError,
  TokenResponseInvalidError,
} from "../../src/errors.ts";
import { judgeRefusal, type Refusal } from "../../src/refresh/failure.ts";
import { startOfTest } from "../auth-under-test.ts";
import { describe, expect, it } from "vitest";

const context = {
  previous: undefined,
  mayBeSpent: false,
  now: startOfTest,
  toLocal: (instant: number) => instant,
  random: () => 0,
};
const lost: Refusal = { kind: "ambiguous", error: new TokenRequestError("The connection broke.") };
const unsent: Refusal = { kind: "unsent", error: new TokenRequestError("Nothing was sent.") };
const busy: Refusal = { kind: "not_redeemed", error: new TokenRequestError("429"), retryAfterMs: 45_000 };
const dead: Refusal = {
  kind: "dead",
  error: new RefreshRejectedError("dead", { certainty: "certain", status: 400, oauthError: "invalid_grant" }),
};
const doubtful: Refusal = {
  kind: "doubtful",
  error: new RefreshRejectedError("no", { certainty: "probable", oauthError: "unauthorized_client" }),
};
const wrongConsumer: Refusal = { kind: "misconfigured", error: new TokenRequestRejectedError("no") };
const senseless: Refusal = { kind: "ambiguous", error: new TokenResponseInvalidError("html") };

describe("judgeRefusal()", () => {
  it.each<readonly [string, Refusal, boolean, object]>([
    ["unsent", unsent, false, { status: "active", mayBeSpent: false }],
    ["unsent after a lost one", unsent, true, { status: "active", mayBeSpent: true }],
    ["busy", busy, false, { status: "active", mayBeSpent: false }],
    ["busy after a lost one", busy, true, { status: "active", mayBeSpent: true }],
    ["lost", lost, false, { status: "active", mayBeSpent: true }],
    ["senseless", senseless, false, { status: "active", mayBeSpent: true }],
    ["a wrong consumer", wrongConsumer, false, { status: "active", mayBeSpent: false }],
    ["a wrong consumer after a lost one", wrongConsumer, true, { status: "active", mayBeSpent: true }],
    ["doubtful", doubtful, false, { status: "active", mayBeSpent: false }],
    ["doubtful after a lost one", doubtful, true, { status: "active", mayBeSpent: true }],
    ["dead", dead, false, { status: "reauth_required", mayBeSpent: false }],
    ["dead after a lost one", dead, true, { status: "reauth_required", mayBeSpent: false }],
  ])("%s", (_what, refusal, mayBeSpent, expected) => {
    const failure = judgeRefusal(refusal, { ...context, mayBeSpent });
    expect(failure).toMatchObject(expected);
    expect(failure.noted).toMatchObject({ code: refusal.error.code, at: startOfTest, count: 1 });
  });

  it("has only Bitbucket's explicit word make a grant need a new sign-in", () => {
    const answers = [unsent, busy, lost, senseless, wrongConsumer, doubtful];
    for (const refusal of answers) {
      for (const mayBeSpent of [false, true]) {
        expect(judgeRefusal(refusal, { ...context, mayBeSpent }).status).toBe("active");
      }
    }
  });

  it("reports a refusal after a lost answer as a lost rotation", () => {
    for (const refusal of [dead, doubtful]) {
      const { error, noted } = judgeRefusal(refusal, { ...context, mayBeSpent: true });
      expect(error).toMatchObject({ code: "refresh_rejected", reason: "lost_rotation" });
      expect(noted.reason).toBe("lost_rotation");
      expect(error.message).toContain("its answer never arrived");
      expect(judgeRefusal(refusal, context).error).toMatchObject({ reason: "rejected" });
    }
  });

  it("keeps what Bitbucket said", () => {
    expect(judgeRefusal(dead, context).error).toMatchObject({
      certainty: "certain",
      status: 400,
      oauthError: "invalid_grant",
    });
    expect(judgeRefusal(doubtful, context).error).toMatchObject({
      certainty: "probable",
      retryAt: startOfTest + 30_000,
    });
  });

  it("leaves Bitbucket alone for at least as long as it asked", () => {
    expect(judgeRefusal(busy, context).noted.retryAt).toBe(startOfTest + 45_000);
    const short = judgeRefusal({ ...busy, retryAfterMs: 1 }, context).noted;
    expect(short.retryAt).toBe(startOfTest + 5_000);
  });

  it("dates the note by the record's clock and the error by this machine's", () => {
    const { error, noted } = judgeRefusal(doubtful, {
      ...context,
      toLocal: (instant) => instant - 7_200_000,
    });
    expect(noted.retryAt).toBe(startOfTest + 30_000);
    expect(error.retryAt).toBe(startOfTest + 30_000 - 7_200_000);
  });

  it("counts failures of one kind in a row, and waits longer each time", () => {
    const first = judgeRefusal(lost, context).noted;
    const second = judgeRefusal(lost, { ...context, previous: first }).noted;
    const other = judgeRefusal(doubtful, { ...context, previous: second }).noted;
    expect([first.count, second.count, other.count]).toEqual([1, 2, 1]);
    expect((second.retryAt ?? 0) - startOfTest).toBe(10_000);
  });
});
