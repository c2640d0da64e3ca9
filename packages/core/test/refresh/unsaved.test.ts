import {
  type AuthUnderTest,
  createAuthUnderTest,
  expired,
  fails,
  grants,
  hour,
  minute,
  minutesOld,
  startOfTest,
  type AuthUnderTestOptions,
} from "../auth-under-test.ts";
import { rejectionOf, turn, until } from "../promises.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

/** Bitbucket redeems while the storage can no longer be written; `more` writes fail besides the first, which is repeated once. */
async function unsaved(
  more: number,
  { record = expired, ...options }: AuthUnderTestOptions & { readonly record?: object } = {},
): Promise<AuthUnderTest> {
  const test = createAuthUnderTest([grants(2)], options);
  await test.store(record);
  // The announcement is written, the tokens are not.
  test.script("compareAndSwap", "works", ...fails(2 + more));
  return test;
}

/** Lets so much time pass, with whatever follows from it. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await turn();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("tokens that the storage would not take", () => {
  it("are served without their refresh token, and are not yet said to be stored", async () => {
    const test = await unsaved(0);
    const tokens = await test.auth.getTokens("ann");
    expect([tokens.accessToken, tokens.refreshToken]).toEqual(["access-2", undefined]);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(test.events).toEqual(["persistFailed"]);
    await test.auth.close();
  });

  it("are saved when the storage is back, which is told, and are as good as any other then", async () => {
    const test = await unsaved(2);
    const persisted = test.hear("persisted");
    await test.auth.getAccessToken("ann");
    expect(await test.isLeaseFree()).toBe(false);
    await pass(1_000);
    expect(persisted).toEqual([{ account: "ann", attempts: 2 }]);
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
    expect((await test.auth.getTokens("ann")).refreshToken).toBe("refresh-2");
    expect([test.sent(), await test.isLeaseFree(), vi.getTimerCount()]).toEqual([["refresh-1"], true, 0]);
  });

  it("are tried again later each time, and every 2 s at the least", async () => {
    const test = await unsaved(400, { random: () => 0.999 });
    await test.auth.getAccessToken("ann");
    const tries: number[] = [];
    for (const ms of [248, 2, 497, 2, 997, 3, 58_000]) {
      await pass(ms);
      tries.push((test.calls.compareAndSwap.length - 3) / 2);
    }
    expect(tries.slice(0, 6)).toEqual([0, 1, 1, 2, 2, 3]);
    expect(tries[6]).toBeGreaterThanOrEqual(31);
    expect(tries[6]).toBeLessThanOrEqual(33);
    const closed = test.auth.close();
    await pass(2_000);
    await closed;
  });

  it("are announced again with each attempt, and handed to `onUnpersisted` once, with the refresh token", async () => {
    const onUnpersisted = vi.fn<(account: string | undefined, tokens: object) => void>();
    const test = await unsaved(6, { onUnpersisted });
    const persistFailed = test.hear("persistFailed");
    await test.auth.getAccessToken("ann");
    await pass(5_000);
    expect(persistFailed.map(({ attempts }) => attempts)).toEqual([1, 2, 3, 4]);
    expect(onUnpersisted.mock.calls).toEqual([
      [
        "ann",
        {
          accessToken: "access-2",
          refreshToken: "refresh-2",
          expiresAt: startOfTest + 2 * hour,
          scopes: ["account", "repository"],
          tokenType: "bearer",
        },
      ],
    ]);
  });

  it("are saved although `onUnpersisted` throws", async () => {
    const test = await unsaved(0, {
      onUnpersisted() {
        throw new Error("the hook is broken");
      },
    });
    await test.auth.getAccessToken("ann");
    await pass(1_000);
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("are served past the time in memory: no other process knows them", async () => {
    const test = await unsaved(400);
    await test.auth.getAccessToken("ann");
    const reads = test.calls.get.length;
    test.clock.move(10 * minute);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(test.auth.getAccessToken("ann")).toBe(test.auth.getAccessToken("ann"));
    expect(test.calls.get).toHaveLength(reads);
    const closed = test.auth.close();
    await pass(2_000);
    await closed;
  });

  it("are read from the storage again after the time in memory once they are saved", async () => {
    const test = await unsaved(0);
    await test.auth.getAccessToken("ann");
    await pass(1_000);
    const reads = test.calls.get.length;
    test.clock.move(minute);
    await test.auth.getAccessToken("ann");
    expect(test.calls.get).toHaveLength(reads + 1);
  });

  it("keep their place in memory before the older record that is stored", async () => {
    const test = await unsaved(400, { record: minutesOld(10) });
    await test.auth.getAccessToken("ann", { rejected: "access-1" });
    expect(await test.auth.getAccessToken("ann", { rejected: "access-2" })).toBe("access-1");
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(test.events).not.toContain("adopted");
    const closed = test.auth.close();
    await pass(2_000);
    await closed;
  });

  it("are given up when the account signs out before they are saved", async () => {
    const test = await unsaved(0);
    const abandoned = test.hear("persistAbandoned");
    await test.auth.getAccessToken("ann");
    await test.another().signOut("ann");
    await pass(1_000);
    expect(abandoned).toEqual([{ account: "ann", attempts: 1, reason: "signed_out" }]);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({ code: "signed_out" });
    expect([test.events.includes("persisted"), await test.isLeaseFree()]).toEqual([false, true]);
  });

  it("are given up after three more attempts when the owner closes, which is told", async () => {
    const test = await unsaved(400);
    const abandoned = test.hear("persistAbandoned");
    await test.auth.getAccessToken("ann");
    await pass(10);
    const before = test.calls.compareAndSwap.length;
    const closed = test.auth.close();
    await pass(1_000);
    await closed;
    expect((test.calls.compareAndSwap.length - before) / 2).toBe(4);
    expect(abandoned).toMatchObject([{ account: "ann", reason: "closed" }]);
    expect([await test.isLeaseFree(), vi.getTimerCount()]).toEqual([true, 0]);
  });

  it("are saved when the storage takes them a moment after the owner has closed", async () => {
    const test = await unsaved(4);
    await test.auth.getAccessToken("ann");
    const closed = test.auth.close();
    await pass(1_000);
    await closed;
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("give way to another sign-in that was stored meanwhile", async () => {
    const test = await unsaved(0);
    await test.auth.getAccessToken("ann");
    await test.store({ accessToken: "access-9", refreshFp: "fp-9", parentFp: undefined });
    await pass(1_000);
    expect(await test.auth.getAccessToken("ann")).toBe("access-9");
  });

  it("are not remembered late after a sign-in in this process", async () => {
    const test = await unsaved(0);
    const tokens = { accessToken: "access-8", refreshToken: "r-8", tokenType: "bearer" } as const;
    await test.auth.getAccessToken("ann");
    await test.auth.saveTokens("ann", { ...tokens, expiresAt: startOfTest + hour });
    await pass(1_000);
    await until(() => test.events.includes("persisted"));
    expect(await test.auth.getAccessToken("ann")).toBe("access-8");
    expect(await test.stored()).toMatchObject({ accessToken: "access-8" });
  });
});
