import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withinDeadline } from "../src/redis-deadline.ts";

const silence = (): Promise<never> => new Promise(() => undefined);
const lost = (): Promise<never> => Promise.reject(new Error("Socket closed unexpectedly"));

describe("withinDeadline()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("answers what the run answers", async () => {
    await expect(withinDeadline({ deadlineMs: 1_000 }, async () => "pong")).resolves.toBe("pong");
  });

  it("runs once more after half the time and takes that answer", async () => {
    const run = vi.fn<() => Promise<string>>().mockImplementationOnce(silence).mockResolvedValueOnce("pong");
    const result = withinDeadline({ deadlineMs: 1_000 }, run);
    await vi.advanceTimersByTimeAsync(499);
    expect(run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    await expect(result).resolves.toBe("pong");
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("tells the second try that it is one", async () => {
    const run = vi.fn<(signal: AbortSignal, isRepeat: boolean) => Promise<never>>(lost);
    await expect(withinDeadline({ deadlineMs: 1_000 }, run)).rejects.toMatchObject({ action: "retry" });
    expect(run.mock.calls.map(([, isRepeat]) => isRepeat)).toEqual([false, true]);
  });

  it("rejects at the deadline when both tries stay silent", async () => {
    const run = vi.fn<() => Promise<string>>(silence);
    const settled = vi.fn<(error?: unknown) => void>();
    withinDeadline({ deadlineMs: 1_000 }, run).then(() => settled(), settled);
    await vi.advanceTimersByTimeAsync(999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(settled).toHaveBeenCalledWith(
      expect.objectContaining({ code: "storage_failed", action: "retry" }),
    );
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("runs once more after a lost connection, and then no more", async () => {
    const run = vi.fn<() => Promise<string>>(lost);
    await expect(withinDeadline({ deadlineMs: 1_000 }, run)).rejects.toMatchObject({
      code: "storage_failed",
    });
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("does not repeat what Redis refused", async () => {
    const run = vi.fn<() => Promise<string>>(() => Promise.reject(new Error("READONLY You can't write")));
    await expect(withinDeadline({ deadlineMs: 1_000 }, run)).rejects.toMatchObject({
      code: "storage_failed",
    });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("turns what is thrown at once into a rejection", async () => {
    const run = (): never => {
      throw new Error("The client is closed");
    };
    await expect(withinDeadline({ deadlineMs: 1_000 }, run)).rejects.toMatchObject({ action: "fix_config" });
  });

  it("frees the caller when the signal fires, and does not try again", async () => {
    const run = vi.fn<() => Promise<string>>(silence);
    const controller = new AbortController();
    const result = withinDeadline({ deadlineMs: 1_000, signal: controller.signal }, run);
    controller.abort();
    await expect(result).rejects.toMatchObject({ code: "storage_failed" });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("runs nothing when the signal fired before", async () => {
    const run = vi.fn<() => Promise<string>>(silence);
    const result = withinDeadline({ deadlineMs: 1_000, signal: AbortSignal.abort() }, run);
    await expect(result).rejects.toMatchObject({ code: "storage_failed" });
    expect(run).not.toHaveBeenCalled();
  });

  it("tells a try that was given up, and no other, that nobody waits for it any longer", async () => {
    const signals: AbortSignal[] = [];
    const result = withinDeadline({ deadlineMs: 1_000 }, (signal) => {
      signals.push(signal);
      return signals.length === 1 ? silence() : Promise.resolve("pong");
    });
    await vi.advanceTimersByTimeAsync(500);
    await result;
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
  });

  it("leaves no timer and no listener behind", async () => {
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    await withinDeadline({ deadlineMs: 1_000, signal }, async () => "pong");
    expect(vi.getTimerCount()).toBe(0);
    expect(remove).toHaveBeenCalledTimes(1);
  });

  it("takes a deadline longer than any timer", async () => {
    const result = withinDeadline({ deadlineMs: Number.POSITIVE_INFINITY }, silence);
    const settled = vi.fn<() => void>();
    result.then(settled, settled);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(settled).not.toHaveBeenCalled();
  });
});
