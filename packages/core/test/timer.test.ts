import { describe, expect, it, vi } from "vitest";
import { startTimer } from "../src/timer.ts";

describe("startTimer()", () => {
  it("calls back when time is up", async () => {
    vi.useFakeTimers();
    try {
      const onTime = vi.fn<() => void>();
      startTimer(5000, onTime);
      await vi.advanceTimersByTimeAsync(4999);
      expect(onTime).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      expect(onTime).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("leaves no timer when it is called off", () => {
    vi.useFakeTimers();
    try {
      startTimer(5000, () => {})();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([2 ** 31, Number.POSITIVE_INFINITY])("does not take %d ms for none", async (ms) => {
    vi.useFakeTimers();
    try {
      const onTime = vi.fn<() => void>();
      startTimer(ms, onTime);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(onTime).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });
});
