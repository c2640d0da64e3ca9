import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { holdLease, startAge, type LeaseHold } from "../../src/refresh/lease-hold.ts";

interface HoldUnderTest {
  readonly hold: LeaseHold;
  readonly renewals: readonly number[];
  readonly counts: { lost: number; released: number };
  /** What the next renewals come to; the last repeats. */
  answer(...answers: readonly (boolean | Error)[]): void;
}

/** A lease asked for `ageMs` ago; a frozen process finds it old all at once. */
function holdUnderTest(age: { ms: number } = { ms: 0 }): HoldUnderTest {
  const renewals: number[] = [];
  const counts = { lost: 0, released: 0 };
  let answers: (boolean | Error)[] = [true];
  const hold = holdLease(
    {
      fence: 7,
      async renew(ttlMs) {
        renewals.push(ttlMs);
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer instanceof Error) throw answer;
        return answer ?? true;
      },
      async release() {
        counts.released++;
      },
    },
    { ttlMs: 30_000, ageMs: () => age.ms, onLost: () => counts.lost++ },
  );
  return { hold, renewals, counts, answer: (...next) => void (answers = [...next]) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("holdLease()", () => {
  it("renews for the whole time, every third of it", async () => {
    const { hold, renewals } = holdUnderTest();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(renewals).toEqual([]);
    await vi.advanceTimersByTimeAsync(50_001);
    expect(renewals).toEqual(Array.from({ length: 6 }, () => 30_000));
    await hold.release();
  });

  it("has the lease's fence", () => {
    expect(holdUnderTest().hold.fence).toBe(7);
  });

  it("stops its heartbeat and gives the lease back when it is released", async () => {
    const { hold, renewals, counts } = holdUnderTest();
    await hold.release();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([renewals, counts]).toEqual([[], { lost: 0, released: 1 }]);
  });

  it("confirms by asking the storage, and extends the lease with it", async () => {
    const { hold, renewals } = holdUnderTest({ ms: 10_000 });
    expect(await hold.confirm()).toBe(true);
    expect(renewals).toEqual([30_000]);
    await hold.release();
  });

  it("need not ask about a lease that is younger than a third of its time", async () => {
    const { hold, renewals } = holdUnderTest({ ms: 9_999 });
    expect(await hold.confirm()).toBe(true);
    expect(renewals).toEqual([]);
    await hold.release();
  });

  it("asks again when the last confirmation is as old as that", async () => {
    const age = { ms: 10_000 };
    const { hold, renewals } = holdUnderTest(age);
    await hold.confirm();
    age.ms = 19_999;
    await hold.confirm();
    expect(renewals).toHaveLength(1);
    age.ms = 20_000;
    await hold.confirm();
    expect(renewals).toHaveLength(2);
    await hold.release();
  });

  it("tells of a loss once, whoever notices it, and never has the lease again", async () => {
    const { hold, counts, answer } = holdUnderTest();
    answer(false, true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(counts.lost).toBe(1);
    expect(await hold.confirm()).toBe(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(counts.lost).toBe(1);
    await hold.release();
  });

  it("does not take a storage that is silent for a loss", async () => {
    const { hold, counts, answer } = holdUnderTest();
    answer(new Error("timeout"), new Error("timeout"), true);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(counts.lost).toBe(0);
    expect(await hold.confirm()).toBe(true);
    await hold.release();
  });

  it("passes a storage's error on to whoever asks for confirmation", async () => {
    const { hold, counts, answer } = holdUnderTest({ ms: 10_000 });
    answer(new Error("timeout"));
    await expect(hold.confirm()).rejects.toThrow("timeout");
    expect(counts.lost).toBe(0);
    await hold.release();
  });

  it("is not confirmed after its release, and tells of no loss then", async () => {
    const { hold, renewals, counts } = holdUnderTest();
    await hold.release();
    expect(await hold.confirm()).toBe(false);
    expect([renewals, counts.lost]).toEqual([[], 0]);
  });

  it("does not mind a lease that cannot be given back", async () => {
    const hold = holdLease(
      { fence: 1, renew: async () => true, release: () => Promise.reject(new Error("down")) },
      { ttlMs: 30_000, ageMs: () => 0, onLost: () => undefined },
    );
    await expect(hold.release()).resolves.toBeUndefined();
  });
});

describe("startAge()", () => {
  it("goes by whatever clock says the most", () => {
    let now = 1_000;
    const ageMs = startAge(() => now);
    expect(ageMs()).toBe(0);
    vi.advanceTimersByTime(40);
    expect(ageMs()).toBe(40);
    now += 5_000;
    expect(ageMs()).toBe(5_000);
    now -= 3_600_000;
    expect(ageMs()).toBe(40);
  });
});
