import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAttemptUnderTest, type AttemptUnderTest } from "./attempt-under-test.ts";
import { storeRecord } from "./manager-under-test.ts";
import { ann, deadAnswer, downAnswer, rejectionOf, tokensAnswer } from "./refresh-under-test.ts";

const down = { before: new Error("down") };

/** The process stands still while it announces the refresh, for longer than its lease; `meanwhile` happens then. */
function freeze(test: AttemptUnderTest, meanwhile: () => Promise<void>): void {
  const { storage } = test.scripted;
  const { compareAndSwap, tryLease } = storage;
  storage.tryLease = async (...args) => {
    storage.tryLease = tryLease;
    const lease = await tryLease(...args);
    return lease && { ...lease, renew: async () => false };
  };
  storage.compareAndSwap = async (...args) => {
    storage.compareAndSwap = compareAndSwap;
    const announced = await compareAndSwap(...args);
    test.clock.move(31_000);
    await meanwhile();
    return announced;
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("refreshUnderLease() and its lease", () => {
  it("gives up at once when somebody else has the lease and it does not wait, and reads nothing", async () => {
    const test = createAttemptUnderTest();
    await storeRecord(test);
    const lease = await test.context.store.tryLease(ann.key, "another process", 30_000);
    const reads = test.scripted.calls.get.length;
    expect(await test.refresh({ waits: false })).toBeUndefined();
    expect(test.scripted.calls.get).toHaveLength(reads);
    await lease?.release();
  });

  it("refreshes without waiting when nobody has it", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    expect(await test.refresh({ waits: false })).toMatchObject({ record: { accessToken: "access-2" } });
  });

  it("holds it while it sends, and lets go only when the tokens are saved", async () => {
    const held: boolean[] = [];
    const test: AttemptUnderTest = createAttemptUnderTest([
      async () => {
        held.push(!(await test.isLeaseFree()));
        return tokensAnswer(2);
      },
    ]);
    await storeRecord(test);
    const { tryLease } = test.scripted.storage;
    const storedAtRelease: unknown[] = [];
    test.scripted.storage.tryLease = async (...args) => {
      const lease = await tryLease(...args);
      const release = async (): Promise<void> => {
        storedAtRelease.push((await test.context.store.read(ann.key))?.record.accessToken);
        await lease?.release();
      };
      return lease && { ...lease, release };
    };
    await test.refresh();
    expect(held).toEqual([true]);
    expect(storedAtRelease).toEqual(["access-2"]);
    expect(await test.isLeaseFree()).toBe(true);
  });

  it.each([
    ["somebody else had refreshed", [], { accessToken: "access-9" }],
    ["Bitbucket is down", [downAnswer()], {}],
    ["the grant is dead", [deadAnswer()], {}],
    ["there is no refresh token", [], { refreshToken: undefined, refreshFp: undefined }],
  ] as const)("lets go of it when %s", async (_what, answers, record) => {
    const test = createAttemptUnderTest(answers);
    await storeRecord(test, record);
    await test.refresh().catch(() => undefined);
    expect(test.scripted.calls.tryLease).toHaveLength(1);
    expect(await test.isLeaseFree()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets go of it when the storage fails, and sends nothing", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    test.scripted.script("get", down);
    expect(await rejectionOf(test.refresh())).toMatchObject({ code: "storage_failed" });
    expect(test.sent).toEqual([]);
    expect(await test.isLeaseFree()).toBe(true);
  });

  it("sends nothing for an account that was signed out before the lease was ours", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    expect(await rejectionOf(test.refresh())).toMatchObject({ code: "signed_out", account: "ann" });
    expect(test.sent).toEqual([]);
    expect(await test.isLeaseFree()).toBe(true);
  });

  it("sends nothing under a lease that it lost, and looks again", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    freeze(test, async () => storeRecord(test, { accessToken: "access-9" }));
    expect(await test.refresh()).toMatchObject({ record: { accessToken: "access-9" } });
    expect(test.events).toEqual(["leaseLost"]);
    expect(test.sent).toEqual([]);
    expect(await test.isLeaseFree()).toBe(true);
  });

  it("sends under a new lease when nobody refreshed in the time that it lost, and not by what it knew before", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    const known = (await test.context.store.read(ann.key)) ?? undefined;
    freeze(test, async () => undefined);
    expect(await test.refresh({ justRead: known })).toMatchObject({
      record: { accessToken: "access-2" },
      redemption: { recovered: true },
    });
    expect(test.sent).toEqual(["refresh-1"]);
    expect(test.events).toEqual(["leaseLost"]);
  });
});

describe("refreshUnderLease() when its tokens are not saved at once", () => {
  it("answers them, goes on saving, and keeps everybody else off the lease until they are saved", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    test.scripted.script("compareAndSwap", "works", down, down);
    const refreshed = await test.refresh();
    expect(refreshed?.record.accessToken).toBe("access-2");
    expect(await test.isLeaseFree()).toBe(false);
    await vi.runAllTimersAsync();
    expect(await refreshed?.saving).toMatchObject({ record: { accessToken: "access-2" }, attempts: 1 });
    expect((await test.context.store.read(ann.key))?.record.refreshToken).toBe("refresh-2");
    expect(await test.isLeaseFree()).toBe(true);
  });

  it("drops them when the account was signed out meanwhile, and does not go on", async () => {
    const test: AttemptUnderTest = createAttemptUnderTest([
      async () => {
        await test.context.store.remove(ann.key);
        return tokensAnswer(2);
      },
    ]);
    await storeRecord(test);
    expect(await rejectionOf(test.refresh())).toMatchObject({ code: "signed_out", account: "ann" });
    expect(test.events).toEqual(["conflict"]);
    expect(await test.context.store.read(ann.key)).toBeNull();
    expect(await test.isLeaseFree()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
