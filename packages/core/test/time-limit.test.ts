import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startLimit } from "../src/time-limit.ts";

describe("startLimit()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([5, 40, 10_000, 3_600_000])("calls back after %d ms, and not before", async (ms) => {
    const onTime = vi.fn<() => void>();
    startLimit(ms, onTime);
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(onTime).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(onTime).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, 9_500])("leaves no timer when it is called off after %d ms", async (ms) => {
    const onTime = vi.fn<() => void>();
    const stop = startLimit(10_000, onTime);
    await vi.advanceTimersByTimeAsync(ms);
    stop();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(onTime).not.toHaveBeenCalled();
  });
});

describe("startLimit() in a process that was frozen", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("gives up a second after the process wakes, not at once", () => {
    const timers: { readonly run: () => void; readonly ms: number }[] = [];
    vi.stubGlobal("setTimeout", (run: () => void, ms: number) => timers.push({ run, ms }));
    const onTime = vi.fn<() => void>();
    startLimit(10_000, onTime);

    // It wakes with the timer overdue by any time; whatever lies in its sockets is read after the timers.
    timers.shift()?.run();
    expect(onTime).not.toHaveBeenCalled();
    expect(timers.map(({ ms }) => ms)).toEqual([1_000]);
    timers.shift()?.run();
    expect(onTime).toHaveBeenCalledTimes(1);
  });
});
