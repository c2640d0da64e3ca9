import { describe, expect, it } from "vitest";
import { createTokenManager } from "../../src/refresh/token-manager.ts";
import type { TokenRecord } from "../../src/storage/token-record.ts";
import type { TokenAnswer } from "../../src/token-endpoint/token-answer.ts";
import {
  activeRecord,
  ann,
  createRefreshUnderTest,
  rejectionOf,
  startOfTest,
  tokensAnswer,
  type RefreshUnderTest,
} from "./refresh-under-test.ts";

const anything = { minValidityMs: 0 };
const minute = 60_000;

/** An answer that comes when the test says so; `asked` resolves when the request is under way. */
function heldAnswer(): {
  readonly answer: () => Promise<TokenAnswer>;
  readonly asked: Promise<void>;
  release(): void;
} {
  let release: () => void = () => undefined;
  let arrive: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (arrive = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  return {
    asked,
    release: () => release(),
    async answer() {
      arrive();
      await released;
      return tokensAnswer(2);
    },
  };
}

async function stored({ context }: RefreshUnderTest, overrides: Partial<TokenRecord>): Promise<void> {
  await context.store.replace(ann.key, null, activeRecord(overrides));
}

describe("createTokenManager()", () => {
  it("keeps the error about a token that one caller rejects from those who reject none", async () => {
    const test = createRefreshUnderTest();
    await stored(test, { parentFp: "refreshed a moment ago" });
    const manager = createTokenManager(test.context);
    const rejecting = rejectionOf(manager.get(ann, { ...anything, rejected: "access-1" }));
    const other = manager.get(ann, anything);
    expect(await rejecting).toMatchObject({ code: "access_token_rejected" });
    expect(await other).toMatchObject({ accessToken: "access-1" });
  });

  it("does not remember what a refresh ahead brings after the grant was dropped", async () => {
    const held = heldAnswer();
    const test = createRefreshUnderTest([held.answer]);
    await stored(test, {
      obtainedAt: startOfTest - 110 * minute,
      accessExpiresAt: startOfTest + 10 * minute,
    });
    const manager = createTokenManager(test.context);
    await manager.get(ann, anything);
    await held.asked;
    manager.drop(ann);
    held.release();
    await manager.settled();
    expect(test.events).toContain("refreshed");
    expect(manager.cached("ann")).toBeUndefined();
  });

  it("lets nobody join a look-up that began before the grant was dropped", async () => {
    const held = heldAnswer();
    const test = createRefreshUnderTest([held.answer]);
    await stored(test, { accessExpiresAt: startOfTest });
    const manager = createTokenManager(test.context);
    const before = manager.get(ann, anything);
    await held.asked;
    await test.context.store.remove(ann.key);
    manager.drop(ann);
    expect(await rejectionOf(manager.get(ann, anything))).toMatchObject({ code: "signed_out" });
    held.release();
    expect(await rejectionOf(before)).toMatchObject({ code: "signed_out" });
  });

  it("does not take over a sign-in that was signed out while it was being saved", async () => {
    const test = createRefreshUnderTest();
    const manager = createTokenManager(test.context);
    const adopt = manager.adopting(ann);
    manager.drop(ann);
    adopt(activeRecord());
    expect(manager.cached("ann")).toBeUndefined();
    manager.adopting(ann)(activeRecord());
    expect(await manager.cached("ann")).toBe("access-1");
  });

  it("knows an unsaved record by itself, also when the grant was dropped meanwhile", async () => {
    const test = createRefreshUnderTest([tokensAnswer(2)]);
    await stored(test, { accessExpiresAt: startOfTest });
    const manager = createTokenManager(test.context);
    const down = { before: new Error("down") };
    test.scripted.script("compareAndSwap", "works", down, down);
    const record = await manager.get(ann, anything);
    expect(manager.isUnsaved(record)).toBe(true);
    manager.drop(ann);
    expect(manager.isUnsaved(record)).toBe(true);
    test.close();
    await manager.settled();
  });

  it("refreshes nothing for its age once its owner closes", async () => {
    const test = createRefreshUnderTest([tokensAnswer(2)]);
    await stored(test, {});
    test.close();
    const manager = createTokenManager(test.context);
    expect(await rejectionOf(manager.refreshIfOlder(ann, -1))).toMatchObject({ message: "closed" });
    expect(test.sent).toEqual([]);
  });
});
