import { describe, expect, it } from "vitest";
import {
  RefreshRejectedError,
  TokenRequestError,
  TokenRequestRejectedError,
  TokenResponseInvalidError,
} from "../../src/errors.ts";
import { classifyRefusal, type Refusal } from "../../src/refresh/classify-refusal.ts";
import { lostAnswer, startOfTest, unsentAnswer } from "./refresh-under-test.ts";

const context = {
  previous: undefined,
  mayBeSpent: false,
  now: startOfTest,
  toLocal: (instant: number) => instant,
  random: () => 0,
};
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

describe("classifyRefusal()", () => {
  it.each<readonly [string, Refusal, boolean, object]>([
    ["unsent", unsentAnswer() as Refusal, false, { status: "active", keepPending: false }],
    ["unsent after a lost one", unsentAnswer() as Refusal, true, { status: "active", keepPending: true }],
    ["busy", busy, false, { status: "active", keepPending: false }],
    ["busy after a lost one", busy, true, { status: "active", keepPending: true }],
    ["lost", lostAnswer() as Refusal, false, { status: "active", keepPending: true }],
    ["senseless", senseless, false, { status: "active", keepPending: true }],
    ["a wrong consumer", wrongConsumer, false, { status: "active", keepPending: false }],
    ["a wrong consumer after a lost one", wrongConsumer, true, { status: "active", keepPending: true }],
    ["doubtful", doubtful, false, { status: "active", keepPending: false }],
    ["doubtful after a lost one", doubtful, true, { status: "active", keepPending: true }],
    ["dead", dead, false, { status: "reauth_required", keepPending: false }],
    ["dead after a lost one", dead, true, { status: "reauth_required", keepPending: false }],
  ])("%s", (_what, refusal, mayBeSpent, expected) => {
    const failure = classifyRefusal(refusal, { ...context, mayBeSpent });
    expect(failure).toMatchObject(expected);
    expect(failure.failure).toMatchObject({ code: refusal.error.code, at: startOfTest, count: 1 });
  });

  it("has only Bitbucket's explicit word make a grant need a new sign-in", () => {
    const answers = [unsentAnswer(), busy, lostAnswer(), senseless, wrongConsumer, doubtful] as Refusal[];
    for (const refusal of answers) {
      for (const mayBeSpent of [false, true]) {
        expect(classifyRefusal(refusal, { ...context, mayBeSpent }).status).toBe("active");
      }
    }
  });

  it("reports a refusal after a lost answer as a lost rotation", () => {
    for (const refusal of [dead, doubtful]) {
      const { error, failure } = classifyRefusal(refusal, { ...context, mayBeSpent: true });
      expect(error).toMatchObject({ code: "refresh_rejected", reason: "lost_rotation" });
      expect(failure.reason).toBe("lost_rotation");
      expect(error.message).toContain("its answer never arrived");
      expect(classifyRefusal(refusal, context).error).toMatchObject({ reason: "rejected" });
    }
  });

  it("keeps what Bitbucket said", () => {
    expect(classifyRefusal(dead, context).error).toMatchObject({
      certainty: "certain",
      status: 400,
      oauthError: "invalid_grant",
    });
    expect(classifyRefusal(doubtful, context).error).toMatchObject({
      certainty: "probable",
      retryAt: startOfTest + 30_000,
    });
  });

  it("leaves Bitbucket alone for at least as long as it asked", () => {
    expect(classifyRefusal(busy, context).failure.retryAt).toBe(startOfTest + 45_000);
    const short = classifyRefusal({ ...busy, retryAfterMs: 1 }, context).failure;
    expect(short.retryAt).toBe(startOfTest + 5_000);
  });

  it("dates the note by the record's clock and the error by this machine's", () => {
    const { error, failure } = classifyRefusal(doubtful, {
      ...context,
      toLocal: (instant) => instant - 7_200_000,
    });
    expect(failure.retryAt).toBe(startOfTest + 30_000);
    expect(error.retryAt).toBe(startOfTest + 30_000 - 7_200_000);
  });

  it("counts failures of one kind in a row, and waits longer each time", () => {
    const first = classifyRefusal(lostAnswer() as Refusal, context).failure;
    const second = classifyRefusal(lostAnswer() as Refusal, { ...context, previous: first }).failure;
    const other = classifyRefusal(doubtful, { ...context, previous: second }).failure;
    expect([first.count, second.count, other.count]).toEqual([1, 2, 1]);
    expect((second.retryAt ?? 0) - startOfTest).toBe(10_000);
  });
});
