import {
  createAuthUnderTest,
  down,
  expired,
  grants,
  keyOf,
  lostAnswer,
  minute,
  minutesOld,
  type AuthUnderTest,
} from "../auth-under-test.ts";
import { held, rejectionOf, type Held } from "../promises.ts";
import { describe, expect, it } from "vitest";

/** Reads that end when the test says so; they are numbered from 1. */
function holdReads({ storage }: AuthUnderTest): {
  begun(read: number): Promise<void>;
  release(read: number): void;
} {
  const { get } = storage;
  const reads = Array.from({ length: 4 }, () => held(undefined));
  const find = (read: number): Held<undefined> => {
    const found = reads[read - 1];
    if (!found) throw new Error(`read ${read} was not planned`);
    return found;
  };
  let count = 0;
  storage.get = async (...args) => {
    await find(++count).give();
    return get(...args);
  };
  return { begun: (read) => find(read).asked, release: (read) => find(read).release() };
}

describe("getAccessToken(), called by several at once", () => {
  it("refreshes once for all of them and tells how many joined", async () => {
    const test = createAuthUnderTest([grants(2)]);
    const joined = test.hear("joined");
    await test.store(expired);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => test.auth.getAccessToken("ann")));
    expect(new Set(tokens)).toEqual(new Set(["access-2"]));
    expect(test.sent()).toEqual(["refresh-1"]);
    expect(test.calls.get).toHaveLength(1);
    expect(joined).toEqual(Array.from({ length: 19 }, () => ({ account: "ann" })));
  });

  it("rejects all of them with the same error when that refresh fails, and tells of it once", async () => {
    const test = createAuthUnderTest([down]);
    await test.store(expired);
    const failed = test.hear("failed");
    const errors = await Promise.all(
      Array.from({ length: 20 }, () => rejectionOf(test.auth.getAccessToken("ann"))),
    );
    expect(errors[0]).toMatchObject({ code: "token_request_failed" });
    expect([new Set(errors).size, failed.length, test.sent().length]).toEqual([1, 1, 1]);
    expect(test.calls.get).toHaveLength(1);
  });

  it("keeps the callers of different accounts apart", async () => {
    const test = createAuthUnderTest([grants(2), grants(3)]);
    await test.store({ ...expired, refreshToken: "of-ann" });
    await test.store({ ...expired, refreshToken: "of-bob" }, keyOf("bob"));
    const [anns, bobs] = await Promise.all([
      test.auth.getAccessToken("ann"),
      test.auth.getAccessToken("bob"),
    ]);
    expect(new Set(test.sent())).toEqual(new Set(["of-ann", "of-bob"]));
    expect(anns).not.toBe(bobs);
    expect(test.events).not.toContain("joined");
  });

  it("starts over for a caller that joined a look-up which brought the token it rejects", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(minutesOld(10));
    const tokens = [
      test.auth.getAccessToken("ann"),
      test.auth.getAccessToken("ann", { rejected: "access-1" }),
    ];
    expect(await Promise.all(tokens)).toEqual(["access-1", "access-2"]);
    expect(test.sent()).toEqual(["refresh-1"]);
  });

  it("starts over for a caller that joined a look-up which brought too short a life", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(minutesOld(90));
    const tokens = [
      test.auth.getAccessToken("ann"),
      test.auth.getAccessToken("ann", { minValidityMs: 45 * minute }),
    ];
    expect(await Promise.all(tokens)).toEqual(["access-1", "access-2"]);
  });

  it("serves a caller that joined what there is when a refresh of its own would bring no longer life either", async () => {
    const test = createAuthUnderTest([grants(2, { expires_in: 20 }), grants(3, { expires_in: 20 })]);
    await test.store(expired);
    const tokens = [
      test.auth.getAccessToken("ann"),
      test.auth.getAccessToken("ann", { minValidityMs: 30 * minute }),
    ];
    // Half of 20 s is all that can be asked of such a token, and it has that.
    expect(await Promise.all(tokens)).toEqual(["access-2", "access-2"]);
    expect(test.sent()).toEqual(["refresh-1"]);
  });

  it("keeps the error about a token that one caller rejects from those that reject none", async () => {
    const test = createAuthUnderTest();
    await test.store();
    const rejecting = rejectionOf(test.auth.getAccessToken("ann", { rejected: "access-1" }));
    const other = test.auth.getAccessToken("ann");
    expect(await rejecting).toMatchObject({ code: "access_token_rejected" });
    expect(await other).toBe("access-1");
  });

  it("joins no caller to a flight that is over: the next one gets a refresh of its own after the cool-down", async () => {
    const test = createAuthUnderTest([lostAnswer, lostAnswer, grants(2)]);
    await test.store(expired);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "token_request_failed",
    });
    test.clock.move(5_000);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(test.events).not.toContain("joined");
  });

  it("joins two flights of others at the most, then looks for itself", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(minutesOld(10));
    const reads = holdReads(test);
    const others = [test.auth.getAccessToken("ann")];
    const waiting = test.auth.getAccessToken("ann", { rejected: "access-1" });
    for (const read of [1, 2]) {
      await reads.begun(read);
      // A sign-out retires the look-up; another caller's is under way when it ends.
      await test.auth.signOut("ann");
      await test.store(minutesOld(10));
      others.push(test.auth.getAccessToken("ann"));
      reads.release(read);
      await others[read - 1];
    }
    await reads.begun(4);
    reads.release(4);
    expect(await waiting).toBe("access-2");
    expect(test.events.filter((name) => name === "joined")).toHaveLength(2);
    reads.release(3);
    await Promise.all(others);
  });
});
