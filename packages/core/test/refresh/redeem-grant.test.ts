import { describe, expect, it, vi } from "vitest";
import { RefreshRejectedError } from "../../src/errors.ts";
import type { LeaseHold } from "../../src/refresh/lease-hold.ts";
import { redeemGrant, type RedeemOutcome } from "../../src/refresh/redeem-grant.ts";
import type { StoredRecord } from "../../src/storage/record-store.ts";
import type { TokenRecord } from "../../src/storage/token-record.ts";
import type { TokenAnswer } from "../../src/token-endpoint/token-answer.ts";
import {
  activeRecord,
  ann,
  createRefreshUnderTest,
  lostAnswer,
  rejectionOf,
  startOfTest,
  tokensAnswer,
  type RefreshUnderTest,
} from "./refresh-under-test.ts";

const doubtful: TokenAnswer = {
  kind: "doubtful",
  error: new RefreshRejectedError("no", { certainty: "probable" }),
};
const interrupted = {
  attempt: "of a process that was killed",
  startedAt: startOfTest - 60_000,
  refreshFp: "fingerprint-of-refresh-1",
};

async function stored(under: RefreshUnderTest, record: TokenRecord): Promise<StoredRecord> {
  await under.context.store.replace(ann.key, null, record);
  const found = await under.context.store.read(ann.key);
  if (!found) throw new Error("nothing stored");
  return found;
}

function holding(confirm: () => Promise<boolean> = async () => true): LeaseHold {
  return { fence: 7, confirm, release: async () => undefined };
}

async function redeem(under: RefreshUnderTest, record: TokenRecord = activeRecord()): Promise<RedeemOutcome> {
  return redeemGrant(under.context, ann, holding(), await stored(under, record));
}

describe("redeemGrant()", () => {
  it("brings new tokens, and saves nothing of them itself", async () => {
    const under = createRefreshUnderTest([tokensAnswer(2)]);
    expect(await redeem(under)).toMatchObject({
      kind: "redeemed",
      redemption: {
        redeemedFp: "fingerprint-of-refresh-1",
        recovered: false,
        mine: {
          refreshToken: "refresh-2",
          parentFp: "fingerprint-of-refresh-1",
          fence: 7,
          generation: 5,
        },
      },
    });
    expect((await under.context.store.read(ann.key))?.record.refreshToken).toBe("refresh-1");
  });

  it("announces itself in the storage before anything is sent", async () => {
    let atSending: TokenRecord | undefined;
    const under: RefreshUnderTest = createRefreshUnderTest([
      async () => {
        atSending = (await under.context.store.read(ann.key))?.record;
        return tokensAnswer(2);
      },
    ]);
    const outcome = await redeem(under);
    expect(atSending?.pending).toMatchObject({
      startedAt: startOfTest,
      refreshFp: "fingerprint-of-refresh-1",
    });
    expect(outcome).not.toHaveProperty("redemption.mine.pending");
  });

  it("sends nothing when somebody else has written meanwhile", async () => {
    const under = createRefreshUnderTest([tokensAnswer(2)]);
    const seen = await stored(under, activeRecord());
    await under.context.store.replace(ann.key, seen.version, activeRecord({ generation: 9 }));
    expect(await redeemGrant(under.context, ann, holding(), seen)).toEqual({ kind: "overtaken" });
    expect([under.sent, under.events]).toEqual([[], ["conflict"]]);
  });

  it("sends nothing when the storage cannot be written: the token is still good then", async () => {
    const under = createRefreshUnderTest([tokensAnswer(2)]);
    const seen = await stored(under, activeRecord());
    under.scripted.script("compareAndSwap", { before: new Error("full") }, { before: new Error("full") });
    expect(await rejectionOf(redeemGrant(under.context, ann, holding(), seen))).toMatchObject({
      code: "storage_failed",
    });
    expect(under.sent).toEqual([]);
  });

  it("sends nothing without the lease", async () => {
    const under = createRefreshUnderTest([tokensAnswer(2)]);
    const seen = await stored(under, activeRecord());
    const lost = holding(async () => false);
    expect(await redeemGrant(under.context, ann, lost, seen)).toEqual({ kind: "overtaken" });
    expect(under.sent).toEqual([]);
  });

  it("sends nothing where no refresh token was saved", async () => {
    const under = createRefreshUnderTest([tokensAnswer(2)]);
    const record = activeRecord({ refreshToken: undefined, refreshFp: undefined });
    expect(await rejectionOf(redeem(under, record))).toMatchObject({ code: "refresh_rejected" });
    expect(under.sent).toEqual([]);
  });

  it("keeps the time of an attempt that was cut short, and reports that it was recovered", async () => {
    const under = createRefreshUnderTest([tokensAnswer(2)]);
    expect(await redeem(under, activeRecord({ pending: interrupted }))).toMatchObject({
      kind: "redeemed",
      redemption: { recovered: true },
    });
    expect((await under.context.store.read(ann.key))?.record.pending).toEqual(interrupted);
  });

  it("does not re-send after an attempt that was cut short, and calls a refusal then a lost rotation", async () => {
    const lost = createRefreshUnderTest([lostAnswer()]);
    expect(await redeem(lost, activeRecord({ pending: interrupted }))).toMatchObject({
      kind: "failed",
      failure: { keepPending: true, status: "active" },
    });
    expect(lost.sent).toHaveLength(1);
    const refused = createRefreshUnderTest([doubtful]);
    expect(await redeem(refused, activeRecord({ pending: interrupted }))).toMatchObject({
      kind: "failed",
      failure: { error: { code: "refresh_rejected", reason: "lost_rotation" } },
    });
  });

  it("takes no notice of an announcement about another refresh token", async () => {
    const under = createRefreshUnderTest([doubtful]);
    const pending = { ...interrupted, refreshFp: "of an older token" };
    expect(await redeem(under, activeRecord({ pending }))).toMatchObject({
      failure: { error: { reason: "rejected" } },
    });
  });

  it("sends nothing for any grant while the consumer is locked out, and says until when", async () => {
    const under = createRefreshUnderTest([doubtful]);
    const signal = new AbortController().signal;
    for (const grant of ["one", "another"]) {
      const admission = await under.context.breaker.admit(grant, signal);
      if ("report" in admission) admission.report("refused");
    }
    expect(await rejectionOf(redeem(under))).toMatchObject({
      code: "token_request_failed",
      retryAt: startOfTest + 20_000,
      account: "ann",
    });
    expect(under.sent).toEqual([]);
  });

  it("tells the breaker how it went, also when it ends with an error", async () => {
    const under = createRefreshUnderTest([tokensAnswer(2)]);
    const seen = await stored(under, activeRecord());
    const signal = new AbortController().signal;
    const first = await under.context.breaker.admit("another", signal);
    if ("report" in first) first.report("refused");
    const failing = holding(() => Promise.reject(new Error("storage gone")));
    await rejectionOf(redeemGrant(under.context, ann, failing, seen));
    expect(await under.context.breaker.admit("next", signal)).toHaveProperty("report");
  });

  it("gives the request its whole time, however long it waited to be let through", async () => {
    vi.useFakeTimers();
    let admit: () => void = () => undefined;
    const admitted = new Promise<void>((resolve) => (admit = resolve));
    let given: AbortSignal | undefined;
    const under = createRefreshUnderTest([], {
      breaker: {
        async admit() {
          await admitted;
          return { report: () => undefined };
        },
      },
      async requestTokens(_form, _grant, signal) {
        given = signal;
        await vi.advanceTimersByTimeAsync(9_000);
        return tokensAnswer(2);
      },
    });
    const redeeming = redeem(under);
    await vi.advanceTimersByTimeAsync(9_000);
    admit();
    expect(await redeeming).toMatchObject({ kind: "redeemed" });
    expect([given?.aborted, vi.getTimerCount()]).toEqual([false, 0]);
    vi.useRealTimers();
  });
});
