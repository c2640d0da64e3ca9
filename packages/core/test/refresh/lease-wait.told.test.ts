import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tryHold, waitForLease } from "../../src/refresh/lease-wait.ts";
import { refreshPolicy } from "../../src/refresh/refresh-policy.ts";
import { hear } from "./manager-under-test.ts";
import { ann, createRefreshUnderTest } from "./refresh-under-test.ts";

const nothing = async (): Promise<undefined> => undefined;
const policy = refreshPolicy({ jitterMs: 0 }, () => 0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("what is told of a lease", () => {
  it("names the account whose lease was lost", async () => {
    const test = createRefreshUnderTest([], { policy });
    const lost = hear(test, "leaseLost");
    const hold = await tryHold(test.context, ann);
    vi.setSystemTime(Date.now() + 31_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lost).toEqual([{ account: "ann" }]);
    await hold?.release();
  });

  it("says how long it was waited for, and to the caller that it was", async () => {
    const test = createRefreshUnderTest([], { policy });
    const waited = hear(test, "leaseWaited");
    const other = await tryHold(test.context, ann);
    const waiting = waitForLease(test.context, ann, nothing);
    await vi.advanceTimersByTimeAsync(10);
    test.clock.move(700);
    await other?.release();
    await vi.advanceTimersByTimeAsync(0);
    const got = await waiting;
    expect(got).toMatchObject({ waited: true });
    expect(waited).toEqual([{ account: "ann", waitedMs: 700 }]);
    if ("hold" in got) await got.hold.release();
  });

  it("is believed while it is young by the given clock, and asked about when it is not", async () => {
    const test = createRefreshUnderTest([], { policy });
    const { storage } = test.scripted;
    const { tryLease } = storage;
    let renewals = 0;
    storage.tryLease = async (...args) => {
      const lease = await tryLease(...args);
      const renew = async (ttlMs: number): Promise<boolean> => {
        renewals++;
        return (await lease?.renew(ttlMs)) ?? false;
      };
      return lease && { ...lease, renew };
    };
    const hold = await tryHold(test.context, ann);
    expect([await hold?.confirm(), renewals]).toEqual([true, 0]);
    test.clock.move(10_000);
    expect([await hold?.confirm(), renewals]).toEqual([true, 1]);
    await hold?.release();
  });

  it("is asked for again after the policy's longest pause at the latest", async () => {
    const test = createRefreshUnderTest([], { policy, random: () => 0.999_999 });
    const other = await tryHold(test.context, ann);
    let looks = 0;
    const waiting = waitForLease(test.context, ann, async () => (++looks === 2 ? "theirs" : undefined));
    await vi.advanceTimersByTimeAsync(250);
    expect(looks).toBe(2);
    await waiting;
    await other?.release();
  });
});
