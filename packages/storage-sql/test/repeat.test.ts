import { StorageError } from "@bitbucket-auth/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AttemptBounds } from "../src/clients/sql-connection.ts";
import { untilDeadline, type Bounds } from "../src/repeat.ts";

const passing = new Error("passing");
const final = new Error("final");

interface Tried<T> {
  readonly result: PromiseSettledResult<T>;
  readonly tries: number;
  readonly tookMs: number;
}

/** Lets a call go on in a time that stands still between its steps. */
async function tried<T>(
  bounds: Bounds,
  work: (nth: number, bounds: AttemptBounds) => Promise<T>,
): Promise<Tried<T>> {
  let tries = 0;
  const startedAt = performance.now();
  const run = untilDeadline(bounds, {
    attempt: (within) => work(++tries, within),
    judge: (error) => ({
      isPassing: error === passing,
      error: new StorageError(error === passing ? "passing" : "final"),
    }),
    silence: () => new StorageError("silent"),
  });
  const settled = Promise.allSettled([run]);
  let tookMs = Number.POSITIVE_INFINITY;
  void settled.then(() => (tookMs = performance.now() - startedAt));
  await vi.advanceTimersByTimeAsync(10_000);
  const [result] = await settled;
  return { result, tries, tookMs };
}

const rejected = (message: string) => ({ status: "rejected", reason: { code: "storage_failed", message } });
const never = (): Promise<never> => new Promise(() => undefined);

describe("untilDeadline()", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("gives an attempt a time that timers can count, however far the deadline", async () => {
    let timeoutMs = 0;
    const { result } = await tried({ deadlineMs: Number.POSITIVE_INFINITY }, async (_nth, bounds) => {
      timeoutMs = bounds.timeoutMs;
    });
    expect([result.status, timeoutMs]).toEqual(["fulfilled", 2 ** 31 - 1]);
  });

  it("repeats what passes for as long as there is time, and not a number of times", async () => {
    const { result, tries, tookMs } = await tried({ deadlineMs: 2_000 }, () => Promise.reject(passing));
    expect(result).toMatchObject(rejected("passing"));
    expect(tries).toBeGreaterThan(10);
    expect(tookMs).toBeLessThanOrEqual(2_000);
    expect(tookMs).toBeGreaterThan(1_800);
  });

  it("answers as soon as an attempt does", async () => {
    const { result, tries } = await tried({ deadlineMs: 2_000 }, (nth) =>
      nth < 8 ? Promise.reject(passing) : Promise.resolve("done"),
    );
    expect(result).toEqual({ status: "fulfilled", value: "done" });
    expect(tries).toBe(8);
  });

  it("does not repeat what was refused, nor an error of ours", async () => {
    const refused = await tried({ deadlineMs: 2_000 }, () => Promise.reject(final));
    expect(refused).toMatchObject({ result: rejected("final"), tries: 1 });
    const ours = await tried({ deadlineMs: 2_000 }, () => Promise.reject(new StorageError("misused")));
    expect(ours).toMatchObject({ result: rejected("misused"), tries: 1 });
  });

  it("gives up a silent attempt after half of the time, tells its client, and has one more", async () => {
    const abandoned: boolean[] = [];
    const { result, tries } = await tried({ deadlineMs: 2_000 }, (nth, { signal, timeoutMs }) => {
      expect(timeoutMs).toBe(1_000);
      signal.addEventListener("abort", () => abandoned.push(true));
      return nth === 1 ? never() : Promise.resolve("done");
    });
    expect({ result, tries, abandoned }).toEqual({
      result: { status: "fulfilled", value: "done" },
      tries: 2,
      abandoned: [true],
    });
  });

  it("says that it was silent when it was to the end", async () => {
    const { result, tookMs } = await tried({ deadlineMs: 2_000 }, never);
    expect(result).toMatchObject(rejected("silent"));
    expect(tookMs).toBe(2_000);
  });

  it("ends at once when its caller aborts, between attempts and within one", async () => {
    for (const work of [never, () => Promise.reject(passing)]) {
      const caller = new AbortController();
      setTimeout(() => caller.abort(), 100);
      const { result, tookMs } = await tried({ deadlineMs: 5_000, signal: caller.signal }, work);
      expect(result).toMatchObject({
        status: "rejected",
        reason: { message: expect.stringContaining("aborted") },
      });
      expect(tookMs).toBeLessThanOrEqual(130);
    }
  });

  it("starts nothing for a caller that had aborted", async () => {
    const { tries } = await tried({ deadlineMs: 5_000, signal: AbortSignal.abort() }, () =>
      Promise.resolve(1),
    );
    expect(tries).toBe(0);
  });

  it("leaves no timer behind", async () => {
    await tried({ deadlineMs: 60_000 }, () => Promise.resolve(1));
    expect(vi.getTimerCount()).toBe(0);
  });
});
