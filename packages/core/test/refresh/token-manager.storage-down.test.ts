import { describe, expect, it } from "vitest";
import { anything, createManagerUnderTest, hear, minutesOld, storeRecord } from "./manager-under-test.ts";
import { ann, rejectionOf, tokensAnswer } from "./refresh-under-test.ts";

const minute = 60_000;
const down = { before: new Error("connection refused") };

describe("a token manager whose storage is down", () => {
  it("serves what it remembers as long as that is good, and says so", async () => {
    const test = createManagerUnderTest();
    const storageFailed = hear(test, "storageFailed");
    await storeRecord(test);
    await test.manager.get(ann, anything);
    test.clock.move(minute);
    test.scripted.script("get", down);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    expect(storageFailed).toEqual([{ account: "ann" }]);
  });

  it("asks the storage again at the next call", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    await test.manager.get(ann, anything);
    await storeRecord(test, { accessToken: "access-2" });
    test.clock.move(minute);
    test.scripted.script("get", down);
    await test.manager.get(ann, anything);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-2" });
  });

  it("does not serve what it remembers to one who needs more than that, and sends nothing", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    await test.manager.get(ann, anything);
    test.clock.move(minute);
    test.scripted.script("get", down, down);
    const rejecting = test.manager.get(ann, { ...anything, rejected: "access-1" });
    expect(await rejectionOf(rejecting)).toMatchObject({ code: "storage_failed", transient: true });
    test.clock.move(119 * minute);
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ code: "storage_failed" });
    expect(test.sent).toEqual([]);
  });

  it("has nothing to serve for an account it has never seen, and does not call it signed out", async () => {
    const test = createManagerUnderTest();
    const storageFailed = hear(test, "storageFailed");
    test.scripted.script("get", down);
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ code: "storage_failed" });
    expect(storageFailed).toEqual([]);
  });

  it("sends nothing when the refresh cannot be announced: the refresh token is still good then", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    const failed = hear(test, "failed");
    await storeRecord(test, minutesOld(120));
    test.scripted.script("compareAndSwap", down, down);
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ code: "storage_failed" });
    expect(test.sent).toEqual([]);
    expect(failed).toMatchObject([{ account: "ann", code: "storage_failed" }]);
  });

  it("serves nothing from memory once the record can no longer be read", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    await test.manager.get(ann, anything);
    const entry = await test.scripted.storage.get(ann.key);
    const bytes = new TextEncoder().encode("no record");
    await test.scripted.storage.compareAndSwap(ann.key, entry?.version ?? null, bytes, { version: "broken" });
    test.clock.move(minute);
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ code: "record_unreadable" });
    test.scripted.script("get", down);
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ code: "storage_failed" });
  });
});
