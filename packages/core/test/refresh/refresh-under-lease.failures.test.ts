import { describe, expect, it } from "vitest";
import { createAttemptUnderTest } from "./attempt-under-test.ts";
import { consumer, storeRecord } from "./manager-under-test.ts";
import { ann, deadAnswer, downAnswer, rejectionOf, startOfTest, tokensAnswer } from "./refresh-under-test.ts";

const rejectsIt = { minValidityMs: 0, rejected: "access-1" };

/** A failure as another process has noted it. */
function noted(agoMs: number, forMs: number): { code: string; at: number; count: number; retryAt: number } {
  return { code: "token_request_failed", at: startOfTest - agoMs, count: 1, retryAt: startOfTest + forMs };
}

describe("refreshUnderLease() after a failure", () => {
  it("notes it where every process sees it, and gives the next caller the same error without sending", async () => {
    const test = createAttemptUnderTest([downAnswer()]);
    await storeRecord(test);
    const error = await rejectionOf(test.refresh());
    expect(error).toMatchObject({ code: "token_request_failed" });
    const { record } = (await test.context.store.read(ann.key)) ?? {};
    expect(record).toMatchObject({ status: "active", failure: { code: "token_request_failed", count: 1 } });
    expect(await rejectionOf(test.refresh())).toBe(error);
    expect(test.sent).toHaveLength(1);
  });

  it("holds back also where the storage did not take the note", async () => {
    const test = createAttemptUnderTest([downAnswer()]);
    await storeRecord(test);
    const down = { before: new Error("down") };
    test.scripted.script("compareAndSwap", "works", down, down);
    const error = await rejectionOf(test.refresh());
    expect((await test.context.store.read(ann.key))?.record.failure).toBeUndefined();
    expect(await rejectionOf(test.refresh())).toBe(error);
    expect(test.sent).toHaveLength(1);
  });

  it("tries again after the cool-down, and a success is held against nobody", async () => {
    const test = createAttemptUnderTest([downAnswer(), tokensAnswer(2)]);
    await storeRecord(test);
    await rejectionOf(test.refresh());
    test.clock.move(5_000);
    expect(await test.refresh()).toMatchObject({ record: { accessToken: "access-2" } });
    expect(test.failures.previous(ann)).toBeUndefined();
    expect((await test.context.store.read(ann.key))?.record.failure).toBeUndefined();
  });

  it("sends nothing for a dead grant until another refresh token is stored", async () => {
    const test = createAttemptUnderTest([deadAnswer(), tokensAnswer(2)]);
    await storeRecord(test);
    const dead = { code: "refresh_rejected", certainty: "certain" };
    expect(await rejectionOf(test.refresh())).toMatchObject(dead);
    test.clock.move(3_600_000);
    expect(await rejectionOf(test.refresh())).toMatchObject(dead);
    expect(test.sent).toEqual(["refresh-1"]);
    await storeRecord(test, { refreshToken: "refresh-9", refreshFp: "fp-9" });
    expect(await test.refresh()).toMatchObject({ record: { accessToken: "access-2" } });
    expect(test.sent).toEqual(["refresh-1", "refresh-9"]);
  });

  it("respects what another process has noted, and looks that up once", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test, { failure: noted(0, 10_000) });
    const error = await rejectionOf(test.refresh());
    expect(error).toMatchObject({ code: "token_request_failed", account: "ann" });
    expect(test.failures.isCooling(ann)).toBe(true);
    expect(await rejectionOf(test.refresh())).toBe(error);
    expect(test.sent).toEqual([]);
  });

  it("waits no longer for what another process noted a while ago than that process does", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test, { failure: noted(20_000, 10_000) });
    await rejectionOf(test.refresh());
    test.clock.move(9_999);
    expect(await rejectionOf(test.refresh())).toMatchObject({ code: "token_request_failed" });
    test.clock.move(1);
    expect(await test.refresh()).toMatchObject({ record: { accessToken: "access-2" } });
  });

  it("remembers for the consumer itself too, although nothing is stored for it", async () => {
    const test = createAttemptUnderTest([downAnswer(), tokensAnswer(2)]);
    const error = await rejectionOf(test.refresh({}, consumer));
    expect(await rejectionOf(test.refresh({}, consumer))).toBe(error);
    expect(test.sent).toHaveLength(1);
    test.clock.move(5_000);
    expect(await test.refresh({}, consumer)).toMatchObject({ record: { accessToken: "access-2" } });
  });
});

describe("refreshUnderLease() for a token that the API refused", () => {
  it("refreshes one that is older than a minute, whatever life it has left", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    test.clock.move(60_000);
    expect(await test.refresh({ need: rejectsIt })).toMatchObject({ record: { accessToken: "access-2" } });
  });

  it("does not refresh again one that was refreshed a moment ago, and says when it would", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    test.clock.move(59_999);
    expect(await rejectionOf(test.refresh({ need: rejectsIt }))).toMatchObject({
      code: "access_token_rejected",
      retryAt: startOfTest + 60_000,
    });
    expect(test.sent).toEqual([]);
  });

  it("does not hold that against a caller who rejects no token", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    await rejectionOf(test.refresh({ need: rejectsIt }));
    expect(await test.refresh()).toMatchObject({ record: { accessToken: "access-2" } });
  });
});
