import { describe, expect, it } from "vitest";
import type { TokenAnswer } from "../../src/token-endpoint/token-answer.ts";
import {
  anything,
  createManagerUnderTest,
  hear,
  heldAnswer,
  minutesOld,
  storeRecord,
  type HeldAnswer,
  type ManagerUnderTest,
} from "./manager-under-test.ts";
import { ann, downAnswer, lostAnswer, rejectionOf, startOfTest, tokensAnswer } from "./refresh-under-test.ts";

const minute = 60_000;
const bob = { key: "site/consumer/user/bob", account: "bob" };

function shortLived(n: number, lifetimeMs: number): TokenAnswer {
  return {
    kind: "tokens",
    response: {
      accessToken: `access-${n}`,
      refreshToken: `refresh-${n}`,
      lifetimeMs,
      tokenType: "bearer",
      startedAt: startOfTest,
    },
  };
}

/** Reads that end when the test says so; they are numbered from 1. */
function holdReads({ scripted: { storage } }: ManagerUnderTest): {
  begun(read: number): Promise<void>;
  release(read: number): void;
} {
  const { get } = storage;
  const reads = Array.from({ length: 4 }, () => heldAnswer(undefined));
  const find = (read: number): HeldAnswer<undefined> => {
    const held = reads[read - 1];
    if (!held) throw new Error(`read ${read} was not planned`);
    return held;
  };
  let count = 0;
  storage.get = async (...args) => {
    await find(++count).answer();
    return get(...args);
  };
  return { begun: (read) => find(read).asked, release: (read) => find(read).release() };
}

describe("a token manager with several callers at once", () => {
  it("refreshes once for all of them and tells how many joined", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    const joined = hear(test, "joined");
    await storeRecord(test, minutesOld(120));
    const before = test.reads();
    const records = await Promise.all(Array.from({ length: 20 }, () => test.manager.get(ann, anything)));
    expect(new Set(records.map(({ accessToken }) => accessToken))).toEqual(new Set(["access-2"]));
    expect(test.sent).toEqual(["refresh-1"]);
    expect(test.reads()).toBe(before + 1);
    expect(joined).toEqual(Array.from({ length: 19 }, () => ({ account: "ann" })));
  });

  it("gives all of them the same error when that refresh fails, and reports it once", async () => {
    const test = createManagerUnderTest([downAnswer()]);
    await storeRecord(test, minutesOld(120));
    const failed = hear(test, "failed");
    const errors = await Promise.all(
      Array.from({ length: 20 }, () => rejectionOf(test.manager.get(ann, anything))),
    );
    expect(errors[0]).toMatchObject({ code: "token_request_failed" });
    expect(new Set(errors).size).toBe(1);
    expect(failed).toHaveLength(1);
    expect(test.sent).toHaveLength(1);
  });

  it("keeps the callers of different accounts apart", async () => {
    const test = createManagerUnderTest([tokensAnswer(2), tokensAnswer(3)]);
    await storeRecord(test, { ...minutesOld(120), refreshToken: "of ann" });
    await storeRecord(test, { ...minutesOld(120), refreshToken: "of bob", accessToken: "of bob" }, bob);
    const [anns, bobs] = await Promise.all([
      test.manager.get(ann, anything),
      test.manager.get(bob, anything),
    ]);
    expect(new Set(test.sent)).toEqual(new Set(["of ann", "of bob"]));
    expect(anns.accessToken).not.toBe(bobs.accessToken);
    expect(test.events).not.toContain("joined");
  });

  it("starts over for one who joined a look-up that brought the token it rejects", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(10));
    const [any, other] = await Promise.all([
      test.manager.get(ann, anything),
      test.manager.get(ann, { ...anything, rejected: "access-1" }),
    ]);
    expect([any.accessToken, other.accessToken]).toEqual(["access-1", "access-2"]);
    expect(test.sent).toEqual(["refresh-1"]);
  });

  it("starts over for one who joined a look-up that brought too short a life", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(90));
    const [any, other] = await Promise.all([
      test.manager.get(ann, anything),
      test.manager.get(ann, { minValidityMs: 45 * minute }),
    ]);
    expect([any.accessToken, other.accessToken]).toEqual(["access-1", "access-2"]);
  });

  it("gives one who joined what there is when its own refresh brings no longer life either", async () => {
    const test = createManagerUnderTest([shortLived(2, 20_000), shortLived(3, 20_000)]);
    await storeRecord(test, minutesOld(120));
    const long = { minValidityMs: 30 * minute };
    const [any, other] = await Promise.all([test.manager.get(ann, anything), test.manager.get(ann, long)]);
    expect(any.accessToken).toBe("access-2");
    // Half of 20 s is all that can be asked of such a token, and it has that.
    expect(other.accessToken).toBe("access-2");
    expect(test.sent).toEqual(["refresh-1"]);
  });

  it("keeps the error about a token that one caller rejects from those who reject none", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test, { parentFp: "refreshed a moment ago" });
    const rejecting = rejectionOf(test.manager.get(ann, { ...anything, rejected: "access-1" }));
    const other = test.manager.get(ann, anything);
    expect(await rejecting).toMatchObject({ code: "access_token_rejected" });
    expect(await other).toMatchObject({ accessToken: "access-1" });
  });

  it("joins nobody to a flight that is over: the next caller gets a refresh of its own after the cool-down", async () => {
    const test = createManagerUnderTest([lostAnswer(), lostAnswer(), tokensAnswer(2)]);
    await storeRecord(test, minutesOld(120));
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({
      code: "token_request_failed",
    });
    test.clock.move(5_000);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-2" });
    expect(test.events).not.toContain("joined");
  });

  it("joins two flights of others at the most, then looks for itself", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(10));
    const reads = holdReads(test);
    const others = [test.manager.get(ann, anything)];
    const waiting = test.manager.get(ann, { ...anything, rejected: "access-1" });
    for (const held of [1, 2]) {
      await reads.begun(held);
      // Somebody else's look-up is under way again when the one before it ends.
      test.manager.drop(ann);
      others.push(test.manager.get(ann, anything));
      reads.release(held);
      await others[held - 1];
    }
    await reads.begun(4);
    reads.release(4);
    expect(await waiting).toMatchObject({ accessToken: "access-2" });
    expect(test.events.filter((name) => name === "joined")).toHaveLength(2);
    reads.release(3);
    await Promise.all(others);
  });
});
