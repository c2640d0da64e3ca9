import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  anything,
  createManagerUnderTest,
  hear,
  minutesOld,
  storeRecord,
  type ManagerUnderTest,
} from "./manager-under-test.ts";
import { ann, tokensAnswer } from "./refresh-under-test.ts";

const minute = 60_000;
const down = { before: new Error("down") };

/** A manager that has redeemed while the storage could no longer be written; `failures` more writes fail. */
async function unsaved(failures: number, record = minutesOld(120)): Promise<ManagerUnderTest> {
  const test = createManagerUnderTest([tokensAnswer(2)]);
  await storeRecord(test, record);
  // The announcement is written, the tokens are not: each write is repeated once before it counts as failed.
  test.scripted.script(
    "compareAndSwap",
    "works",
    down,
    down,
    ...Array.from({ length: failures }, () => down),
  );
  return test;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a token manager with tokens that the storage would not take", () => {
  it("serves the access token meanwhile, and does not yet say that it is stored", async () => {
    const test = await unsaved(0);
    const record = await test.manager.get(ann, anything);
    expect(record.accessToken).toBe("access-2");
    expect(test.manager.isUnsaved(record)).toBe(true);
    expect(await test.manager.cached("ann")).toBe("access-2");
    expect(test.events).toEqual(["persistFailed"]);
    await vi.runAllTimersAsync();
    await test.manager.settled();
  });

  it("saves them when the storage is back, says so, and they are as good as any other then", async () => {
    const test = await unsaved(2);
    const persisted = hear(test, "persisted");
    const record = await test.manager.get(ann, anything);
    await vi.runAllTimersAsync();
    await test.manager.settled();
    expect((await test.context.store.read(ann.key))?.record.refreshToken).toBe("refresh-2");
    expect(test.manager.isUnsaved(record)).toBe(false);
    expect(persisted).toEqual([{ account: "ann", attempts: 2 }]);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-2" });
    expect(test.sent).toEqual(["refresh-1"]);
  });

  it("goes on serving them past the time in memory: no other process knows them", async () => {
    const test = await unsaved(400);
    await test.manager.get(ann, anything);
    const before = test.reads();
    test.clock.move(10 * minute);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-2" });
    expect(await test.manager.cached("ann")).toBe("access-2");
    expect(test.reads()).toBe(before);
    test.close();
    await vi.runAllTimersAsync();
  });

  it("asks the storage again after the time in memory once they are saved", async () => {
    const test = await unsaved(0);
    await test.manager.get(ann, anything);
    await vi.runAllTimersAsync();
    await test.manager.settled();
    const before = test.reads();
    test.clock.move(minute);
    await test.manager.get(ann, anything);
    expect(test.reads()).toBe(before + 1);
  });

  it("does not let the older record that is stored take their place in memory", async () => {
    const test = await unsaved(400, minutesOld(10));
    await test.manager.get(ann, { ...anything, rejected: "access-1" });
    const other = test.manager.get(ann, { ...anything, rejected: "access-2" });
    expect(await other).toMatchObject({ accessToken: "access-1" });
    expect(await test.manager.cached("ann")).toBe("access-2");
    expect(test.events).not.toContain("adopted");
    test.close();
    await vi.runAllTimersAsync();
  });

  it("forgets them when the account was signed out before they could be saved", async () => {
    const test = await unsaved(0);
    await test.manager.get(ann, anything);
    await test.context.store.remove(ann.key);
    await vi.runAllTimersAsync();
    await test.manager.settled();
    expect(test.events).toContain("persistAbandoned");
    expect(test.events).not.toContain("persisted");
    expect(test.manager.cached("ann")).toBeUndefined();
  });

  it("forgets them when its owner closes before they could be saved", async () => {
    const test = await unsaved(400);
    await test.manager.get(ann, anything);
    test.close();
    await vi.runAllTimersAsync();
    await test.manager.settled();
    expect(test.events.at(-1)).toBe("persistAbandoned");
    expect(test.manager.cached("ann")).toBeUndefined();
  });

  it("serves the record that counts when another sign-in was stored meanwhile", async () => {
    const test = await unsaved(0);
    await test.manager.get(ann, anything);
    await storeRecord(test, { accessToken: "access-9", refreshFp: "fp-9", parentFp: undefined });
    await vi.runAllTimersAsync();
    await test.manager.settled();
    expect(await test.manager.cached("ann")).toBe("access-9");
  });

  it("does not remember late what was dropped while it was being saved", async () => {
    const test = await unsaved(2);
    await test.manager.get(ann, anything);
    test.manager.drop(ann);
    await vi.runAllTimersAsync();
    await test.manager.settled();
    expect(test.events).toContain("persisted");
    expect(test.manager.cached("ann")).toBeUndefined();
  });
});
