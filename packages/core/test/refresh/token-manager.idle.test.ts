import { describe, expect, it } from "vitest";
import { anything, createManagerUnderTest, hear, minutesOld, storeRecord } from "./manager-under-test.ts";
import { ann, deadAnswer, rejectionOf, tokensAnswer } from "./refresh-under-test.ts";

const hour = 3_600_000;

describe("a token manager that is told to refresh a grant for its age", () => {
  it("refreshes one that is older, although its token is fresh, and says that it did", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(61));
    expect(await test.manager.refreshIfOlder(ann, hour)).toBe(true);
    expect((await test.context.store.read(ann.key))?.record.refreshToken).toBe("refresh-2");
    expect(await test.manager.cached("ann")).toBe("access-2");
    expect(test.events).toEqual(["refreshed"]);
  });

  it("leaves one alone that is not older, and takes no lease to find out", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(60));
    expect(await test.manager.refreshIfOlder(ann, hour)).toBe(false);
    expect([test.scripted.calls.tryLease, test.sent]).toEqual([[], []]);
  });

  it("leaves one alone that has no refresh token: there is nothing that Bitbucket could forget", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, { ...minutesOld(120), refreshToken: undefined, refreshFp: undefined });
    expect(await test.manager.refreshIfOlder(ann, hour)).toBe(false);
    expect(test.scripted.calls.tryLease).toEqual([]);
  });

  it("goes by what is stored and not by what is in memory", async () => {
    const test = createManagerUnderTest([tokensAnswer(9)]);
    await storeRecord(test, minutesOld(61));
    await test.manager.get(ann, anything);
    await storeRecord(test, { ...minutesOld(0), accessToken: "access-2" });
    expect(await test.manager.refreshIfOlder(ann, hour)).toBe(false);
    expect(test.sent).toEqual([]);
  });

  it("refreshes once for two walks at the same time, whichever BitbucketAuth they belong to", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(61));
    const other = createManagerUnderTest([], test.context);
    const done = await Promise.all([
      test.manager.refreshIfOlder(ann, hour),
      other.manager.refreshIfOlder(ann, hour),
    ]);
    expect(test.sent).toEqual(["refresh-1"]);
    // The other found it refreshed, which is as good.
    expect(done).toEqual([true, true]);
  });

  it("counts a refresh as done although the storage would not take it yet", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(61));
    const down = { before: new Error("down") };
    test.scripted.script("compareAndSwap", "works", down, down);
    expect(await test.manager.refreshIfOlder(ann, hour)).toBe(true);
    expect(await test.manager.cached("ann")).toBe("access-2");
    test.close();
    await test.manager.settled();
  });

  it("says that an account is signed out when nothing is stored", async () => {
    const test = createManagerUnderTest();
    expect(await rejectionOf(test.manager.refreshIfOlder(ann, hour))).toMatchObject({
      code: "signed_out",
      account: "ann",
    });
  });

  it("rejects with what Bitbucket said of the grant", async () => {
    const test = createManagerUnderTest([deadAnswer()]);
    await storeRecord(test, minutesOld(61));
    expect(await rejectionOf(test.manager.refreshIfOlder(ann, hour))).toMatchObject({
      code: "refresh_rejected",
    });
    expect((await test.context.store.read(ann.key))?.record.status).toBe("reauth_required");
  });

  it("does not look once its owner has closed", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(61));
    const failed = hear(test, "failed");
    const before = test.reads();
    test.close();
    expect(await rejectionOf(test.manager.refreshIfOlder(ann, hour))).toMatchObject({ message: "closed" });
    expect([test.reads(), test.sent, failed]).toEqual([before, [], []]);
  });
});
