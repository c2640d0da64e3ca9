import { describe, expect, it } from "vitest";
import {
  anything,
  createManagerUnderTest,
  heldAnswer,
  minutesOld,
  storeRecord,
} from "./manager-under-test.ts";
import { activeRecord, ann, downAnswer, rejectionOf, tokensAnswer } from "./refresh-under-test.ts";

const down = { before: new Error("down") };

describe("createTokenManager()", () => {
  it("does not remember what a refresh ahead brings after the grant was dropped", async () => {
    const held = heldAnswer(tokensAnswer(2));
    const test = createManagerUnderTest([held.answer]);
    await storeRecord(test, minutesOld(110));
    await test.manager.get(ann, anything);
    await held.asked;
    test.manager.drop(ann);
    held.release();
    await test.manager.settled();
    expect(test.events).toContain("refreshed");
    expect(test.manager.cached("ann")).toBeUndefined();
  });

  it("does not remember what a look-up finds after the grant was dropped", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    const looking = test.manager.get(ann, anything);
    test.manager.drop(ann);
    expect(await looking).toMatchObject({ accessToken: "access-1" });
    expect(test.manager.cached("ann")).toBeUndefined();
  });

  it("lets nobody join a look-up that began before the grant was dropped", async () => {
    const held = heldAnswer(tokensAnswer(2));
    const test = createManagerUnderTest([held.answer]);
    await storeRecord(test, minutesOld(120));
    const before = test.manager.get(ann, anything);
    await held.asked;
    await test.context.store.remove(ann.key);
    test.manager.drop(ann);
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ code: "signed_out" });
    held.release();
    expect(await rejectionOf(before)).toMatchObject({ code: "signed_out" });
  });

  it("takes over a sign-in, and what was served before it is served no more", async () => {
    const test = createManagerUnderTest();
    await storeRecord(test);
    await test.manager.get(ann, anything);
    test.manager.adopting(ann)(activeRecord({ accessToken: "access-9" }));
    expect(await test.manager.cached("ann")).toBe("access-9");
  });

  it("lets nobody join a look-up that began before a sign-in, nor remembers what that finds", async () => {
    const held = heldAnswer(undefined);
    const test = createManagerUnderTest();
    await storeRecord(test);
    const { storage } = test.scripted;
    const { get } = storage;
    storage.get = async (...args) => {
      const before = await get(...args);
      await held.answer();
      return before;
    };
    const looking = test.manager.get(ann, anything);
    await held.asked;
    test.manager.adopting(ann)(activeRecord({ accessToken: "access-9" }));
    const rejecting = test.manager.get(ann, { ...anything, rejected: "access-9" });
    held.release();
    expect(await looking).toMatchObject({ accessToken: "access-1" });
    await rejecting;
    expect(test.events).not.toContain("joined");
  });

  it("holds no failure against a sign-in that came after it", async () => {
    const test = createManagerUnderTest([downAnswer(), tokensAnswer(2)]);
    await storeRecord(test, minutesOld(110));
    await test.manager.get(ann, anything);
    await test.manager.settled();
    const signedIn = { ...minutesOld(110), refreshToken: "refresh-9", refreshFp: "fp-9" };
    await storeRecord(test, signedIn);
    test.manager.adopting(ann)(activeRecord(signedIn));
    await test.manager.get(ann, anything);
    await test.manager.settled();
    expect(test.sent).toEqual(["refresh-1", "refresh-9"]);
  });

  it("does not take over a sign-in that was signed out while it was being saved", async () => {
    const { manager } = createManagerUnderTest();
    const adopt = manager.adopting(ann);
    manager.drop(ann);
    adopt(activeRecord());
    expect(manager.cached("ann")).toBeUndefined();
    manager.adopting(ann)(activeRecord());
    expect(await manager.cached("ann")).toBe("access-1");
  });

  it("knows an unsaved record by itself, also when the grant was dropped meanwhile", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(120));
    test.scripted.script("compareAndSwap", "works", down, down);
    const record = await test.manager.get(ann, anything);
    expect(test.manager.isUnsaved(record)).toBe(true);
    test.manager.drop(ann);
    expect(test.manager.isUnsaved(record)).toBe(true);
    test.close();
    await test.manager.settled();
  });
});
