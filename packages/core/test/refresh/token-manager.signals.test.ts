import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import {
  anything,
  createManagerUnderTest,
  heldAnswer,
  minutesOld,
  storeRecord,
} from "./manager-under-test.ts";
import { ann, rejectionOf, tokensAnswer } from "./refresh-under-test.ts";

describe("a token manager whose caller has a signal", () => {
  it("does not begin when the signal has fired, not even with a token in memory", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    await test.manager.get(ann, anything);
    const reason = new Error("the page was left");
    const before = test.reads();
    expect(await rejectionOf(test.manager.get(ann, anything, AbortSignal.abort(reason)))).toBe(reason);
    expect(test.reads()).toBe(before);
  });

  it("lets that caller go and finishes the refresh for the others, who send nothing again", async () => {
    const held = heldAnswer(tokensAnswer(2));
    const test = createManagerUnderTest([held.answer]);
    await storeRecord(test, minutesOld(120));
    const leaving = new AbortController();
    const reason = new Error("the page was left");
    const left = rejectionOf(test.manager.get(ann, anything, leaving.signal));
    const stays = test.manager.get(ann, anything);
    await held.asked;
    leaving.abort(reason);
    expect(await left).toBe(reason);
    held.release();
    expect(await stays).toMatchObject({ accessToken: "access-2" });
    expect(test.sent).toEqual(["refresh-1"]);
  });

  it("saves what arrives after the only caller has left", async () => {
    const held = heldAnswer(tokensAnswer(2));
    const test = createManagerUnderTest([held.answer]);
    await storeRecord(test, minutesOld(120));
    const leaving = new AbortController();
    const left = rejectionOf(test.manager.get(ann, anything, leaving.signal));
    await held.asked;
    leaving.abort();
    await left;
    held.release();
    await test.manager.settled();
    expect((await test.context.store.read(ann.key))?.record.refreshToken).toBe("refresh-2");
    expect(await test.manager.cached("ann")).toBe("access-2");
  });

  it("leaves nothing listening on the signal of a caller who was served", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(120));
    const { signal } = new AbortController();
    await test.manager.get(ann, anything, signal);
    await test.manager.settled();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a token manager whose owner closes", () => {
  it("lets everybody go who waits, and finishes and saves what was sent", async () => {
    const held = heldAnswer(tokensAnswer(2));
    const test = createManagerUnderTest([held.answer]);
    await storeRecord(test, minutesOld(120));
    const waiting = Array.from({ length: 3 }, () => rejectionOf(test.manager.get(ann, anything)));
    await held.asked;
    test.close();
    const errors = await Promise.all(waiting);
    expect(errors.map(String)).toEqual(errors.map(() => "Error: closed"));
    held.release();
    await test.manager.settled();
    expect((await test.context.store.read(ann.key))?.record.refreshToken).toBe("refresh-2");
  });

  it("gives no token any more, not even one that is in memory", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    await test.manager.get(ann, anything);
    const before = test.reads();
    test.close();
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ message: "closed" });
    expect(test.reads()).toBe(before);
  });

  it("is not settled before what was sent is saved", async () => {
    const held = heldAnswer(tokensAnswer(2));
    const test = createManagerUnderTest([held.answer]);
    await storeRecord(test, minutesOld(110));
    await test.manager.get(ann, anything);
    await held.asked;
    test.close();
    const settled = test.manager.settled().then(async () => (await test.context.store.read(ann.key))?.record);
    held.release();
    expect(await settled).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("does not go on waiting for a lease that somebody else holds, and sends nothing", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(120));
    await test.context.store.tryLease(ann.key, "another process", 30_000);
    const waiting = rejectionOf(test.manager.get(ann, anything));
    test.close();
    expect(await waiting).toMatchObject({ message: "closed" });
    await test.manager.settled();
    expect(test.sent).toEqual([]);
  });
});
