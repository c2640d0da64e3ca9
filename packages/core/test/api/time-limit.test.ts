import { describe, expect, it, vi } from "vitest";
import { withinTime } from "../../src/api/time-limit.ts";
import { createStopSource } from "../../src/stop-signal.ts";
import type { StartTimer } from "../../src/timer.ts";
import { createDeferred } from "./api-under-test.ts";

const forever = (): Promise<never> => new Promise(() => {});
const neverUp: StartTimer = () => () => {};
const upAtOnce: StartTimer = (_ms, onTime) => {
  queueMicrotask(onTime);
  return () => {};
};
const throwTooLate = (): never => {
  throw new Error("too late");
};
const limit = { timeoutMs: 5000, onTimeout: () => "too late" };

describe("withinTime()", () => {
  it("gives the result and ends its timer", async () => {
    const stopTimer = vi.fn<() => void>();
    const startTimer = vi.fn<StartTimer>(() => stopTimer);
    expect(await withinTime(async () => "done", { ...limit, startTimer })).toBe("done");
    expect(startTimer).toHaveBeenCalledExactlyOnceWith(5000, expect.any(Function));
    expect(stopTimer).toHaveBeenCalledTimes(1);
  });

  it("passes a rejection on", async () => {
    const failing = withinTime(() => Promise.reject(new Error("broken")), { ...limit, startTimer: neverUp });
    await expect(failing).rejects.toThrow("broken");
  });

  it("puts onTimeout in place of work that ignores its signal, and aborts it", async () => {
    let given: AbortSignal | undefined;
    const work = (signal: AbortSignal): Promise<string> => {
      given = signal;
      return forever();
    };
    expect(await withinTime(work, { ...limit, startTimer: upAtOnce })).toBe("too late");
    expect(given?.aborted).toBe(true);
  });

  it("rejects with what onTimeout throws", async () => {
    await expect(
      withinTime<string>(forever, { ...limit, startTimer: upAtOnce, onTimeout: throwTooLate }),
    ).rejects.toThrow("too late");
  });

  it("frees an aborting caller with the caller's reason", async () => {
    const caller = new AbortController();
    const working = withinTime(forever, { ...limit, startTimer: neverUp, signal: caller.signal });
    caller.abort("changed my mind");
    await expect(working).rejects.toBe("changed my mind");
  });

  it("does not start for a caller who is gone", async () => {
    const work = vi.fn<() => Promise<string>>(forever);
    const working = withinTime(work, { ...limit, startTimer: neverUp, signal: AbortSignal.abort("gone") });
    await expect(working).rejects.toBe("gone");
    expect(work).not.toHaveBeenCalled();
  });

  it("gives a result that comes too late to discard, and one in time to nobody else", async () => {
    const discard = vi.fn<(late: string) => void>();
    const late = createDeferred<string>();
    await withinTime(() => late.promise, { ...limit, startTimer: upAtOnce, discard });
    late.resolve("late");
    await vi.waitFor(() => expect(discard).toHaveBeenCalledExactlyOnceWith("late"));
    await withinTime(async () => "in time", { ...limit, startTimer: neverUp, discard });
    expect(discard).toHaveBeenCalledTimes(1);
  });

  it("leaves the work's signal tied to the caller's when the work is done", async () => {
    const caller = new AbortController();
    const given = await withinTime<AbortSignal | string>(async (signal) => signal, {
      ...limit,
      startTimer: neverUp,
      signal: caller.signal,
    });
    expect(given).toHaveProperty("aborted", false);
    caller.abort();
    expect(given).toHaveProperty("aborted", true);
  });

  it("leaves the work alone when a timer fires that was called off", async () => {
    let fire = (): void => {};
    const startTimer: StartTimer = (_ms, onTime) => {
      fire = onTime;
      return () => {};
    };
    const given = await withinTime<AbortSignal | string>(async (signal) => signal, { ...limit, startTimer });
    fire();
    expect(given).toHaveProperty("aborted", false);
  });

  it("ends its timer and listens no more when the work throws before it starts", async () => {
    const stopTimer = vi.fn<() => void>();
    const closing = createStopSource();
    const removed = vi.spyOn(closing.signal, "removeEventListener");
    const broken = (): never => {
      throw new Error("broken");
    };
    const working = withinTime(broken, { ...limit, startTimer: () => stopTimer, closing: closing.signal });
    await expect(working).rejects.toThrow("broken");
    expect(stopTimer).toHaveBeenCalledTimes(1);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it("rejects with the reason of whoever ended it, the caller first", async () => {
    const caller = new AbortController();
    const closing = createStopSource();
    const both = { ...limit, startTimer: neverUp, signal: caller.signal, closing: closing.signal };
    const working = withinTime(forever, both);
    closing.stop("closed");
    await expect(working).rejects.toBe("closed");
    caller.abort("gone");
    await expect(withinTime(forever, both)).rejects.toBe("gone");
  });
});
