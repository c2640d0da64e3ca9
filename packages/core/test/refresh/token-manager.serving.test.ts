import { describe, expect, it } from "vitest";
import {
  consumer,
  anything,
  createManagerUnderTest,
  hear,
  minutesOld,
  storeRecord,
  type ManagerUnderTest,
} from "./manager-under-test.ts";
import { ann, rejectionOf, startOfTest, tokensAnswer } from "./refresh-under-test.ts";

const minute = 60_000;

describe("a token manager, where a token is served from", () => {
  it("serves what is stored, and takes no lease and writes nothing for it", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    const writes = test.scripted.calls.compareAndSwap.length;
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    expect(test.scripted.calls.tryLease).toEqual([]);
    expect(test.scripted.calls.compareAndSwap).toHaveLength(writes);
    expect([test.sent, test.events]).toEqual([[], []]);
  });

  it("asks the storage again only when the time in memory is over", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    await test.manager.get(ann, anything);
    const before = test.reads();
    test.clock.move(minute - 1);
    await test.manager.get(ann, anything);
    expect(await test.manager.cached("ann")).toBe("access-1");
    expect(test.reads()).toBe(before);
    test.clock.move(1);
    expect(test.manager.cached("ann")).toBeUndefined();
    await test.manager.get(ann, anything);
    expect(test.reads()).toBe(before + 1);
  });

  it("adopts a token that another process has brought, and says so once", async () => {
    const test = createManagerUnderTest();
    const adopted = hear(test, "adopted");
    await storeRecord(test);
    await test.manager.get(ann, anything);
    expect(adopted).toEqual([]);
    await storeRecord(test, { accessToken: "access-2", generation: 5 });
    test.clock.move(minute);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-2" });
    expect(adopted).toEqual([{ account: "ann", generation: 5 }]);
    test.clock.move(minute);
    await test.manager.get(ann, anything);
    expect(adopted).toHaveLength(1);
    expect(test.sent).toEqual([]);
  });

  it("adopts a sibling that is newer than what it redeemed itself, and does not call that its own", async () => {
    const theirs = { accessToken: "access-9", refreshFp: "fp-9", parentFp: "fp-1", fence: 99, generation: 7 };
    const test: ManagerUnderTest = createManagerUnderTest([
      async () => {
        await storeRecord(test, theirs);
        return tokensAnswer(2);
      },
    ]);
    const adopted = hear(test, "adopted");
    await storeRecord(test, { ...minutesOld(120), refreshFp: "fp-1" });
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-9" });
    expect(adopted).toEqual([{ account: "ann", generation: 7 }]);
    expect(test.events).not.toContain("refreshed");
  });

  it("remembers what another process has brought", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    await test.manager.get(ann, anything);
    await storeRecord(test, { accessToken: "access-2" });
    test.clock.move(minute);
    await test.manager.get(ann, anything);
    expect(await test.manager.cached("ann")).toBe("access-2");
  });

  it("learns from a stored record that Bitbucket's clock is ahead, and refreshes by that clock", async () => {
    const test = createManagerUnderTest([tokensAnswer(2, { startedAt: startOfTest + 120 * minute })]);
    await storeRecord(test, { issuedAt: startOfTest + 120 * minute });
    await test.manager.get(ann, anything);
    expect(test.sent).toEqual(["refresh-1"]);
    expect(test.context.clock.skewMs).toBe(120 * minute);
  });

  it("tells an account that nothing is stored for to sign in, and sends nothing", async () => {
    const test = createManagerUnderTest();
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({
      code: "signed_out",
      action: "reauthorize",
      account: "ann",
    });
    expect(test.scripted.calls.tryLease).toEqual([]);
    expect(test.sent).toEqual([]);
  });

  it("looks again for an account that has signed in since", async () => {
    const test = createManagerUnderTest();
    await rejectionOf(test.manager.get(ann, anything));
    await storeRecord(test);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
  });

  it("serves nothing from memory once it has seen that the account signed out elsewhere", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    await test.manager.get(ann, anything);
    await test.context.store.remove(ann.key);
    test.clock.move(minute);
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ code: "signed_out" });
    test.clock.move(-minute);
    expect(test.manager.cached("ann")).toBeUndefined();
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ code: "signed_out" });
  });

  it("asks Bitbucket for the consumer's own token where none is stored, and saves it before it is served", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    const record = await test.manager.get(consumer, anything);
    expect(record).toMatchObject({ accessToken: "access-2", generation: 1 });
    expect((await test.context.store.read(consumer.key))?.record.accessToken).toBe("access-2");
    expect(await test.manager.cached(undefined)).toBe("access-2");
    expect(test.events).toEqual(["refreshed"]);
  });

  it("refreshes a token that has run out, saves the new one, and serves that from then on", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    const refreshed = hear(test, "refreshed");
    await storeRecord(test, { ...minutesOld(120), generation: 4 });
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-2" });
    expect((await test.context.store.read(ann.key))?.record.refreshToken).toBe("refresh-2");
    expect(await test.manager.cached("ann")).toBe("access-2");
    expect(refreshed).toEqual([{ account: "ann", generation: 5, recovered: false }]);
    expect(test.events).toEqual(["refreshed"]);
  });

  it("has saved what it refreshed, and asks the storage for it again when the time in memory is over", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(120));
    const record = await test.manager.get(ann, anything);
    expect(test.manager.isUnsaved(record)).toBe(false);
    const before = test.reads();
    test.clock.move(minute);
    await test.manager.get(ann, anything);
    expect(test.reads()).toBe(before + 1);
  });
});
