import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBoundedReads, withinDeadline } from "../src/redis-deadline.ts";

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

  it("marks the second try as a repeat", async () => {
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

  it("aborts a try that was given up, and no other", async () => {
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

describe("createBoundedReads()", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("watches 100 reads with one timer and passes no signal", async () => {
    const reads = createBoundedReads({ deadlineMs: 1_000 });
    const read = vi.fn<(signal?: AbortSignal) => Promise<string>>(async () => "record");
    const replies = await Promise.all(Array.from({ length: 100 }, () => reads(read)));
    expect(new Set(replies)).toEqual(new Set(["record"]));
    expect(vi.getTimerCount()).toBe(1);
    expect(read.mock.calls.flat()).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("repeats each silent read after half the deadline from its own start", async () => {
    const reads = createBoundedReads({ deadlineMs: 1_000 });
    const first = vi.fn<() => Promise<string>>().mockImplementationOnce(silence).mockResolvedValueOnce("one");
    const second = vi
      .fn<() => Promise<string>>()
      .mockImplementationOnce(silence)
      .mockResolvedValueOnce("two");
    const one = reads(first);
    await vi.advanceTimersByTimeAsync(300);
    const two = reads(second);
    await vi.advanceTimersByTimeAsync(199);
    expect(first).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    await expect(one).resolves.toBe("one");
    expect(second).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(300);
    await expect(two).resolves.toBe("two");
    expect(second).toHaveBeenCalledTimes(2);
  });

  it("rejects at the deadline with what the client knows when both tries stay silent", async () => {
    const state = (): string => "The client is reconnecting; its last error was ECONNREFUSED.";
    const result = createBoundedReads({ deadlineMs: 1_000, state })(silence).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await result).toMatchObject({
      code: "storage_failed",
      action: "retry",
      message: expect.stringContaining(
        "Redis did not answer within 1000 ms. The client is reconnecting; its last error was ECONNREFUSED.",
      ),
    });
  });

  it("repeats a read once after a lost connection, and none that Redis refused", async () => {
    const reads = createBoundedReads({ deadlineMs: 1_000 });
    const broken = vi.fn<() => Promise<never>>(lost);
    await expect(reads(broken)).rejects.toMatchObject({ code: "storage_failed", action: "retry" });
    expect(broken).toHaveBeenCalledTimes(2);
    const refused = vi.fn<() => Promise<never>>(() =>
      Promise.reject(new Error("NOAUTH Authentication required.")),
    );
    await expect(reads(refused)).rejects.toMatchObject({ action: "fix_config" });
    expect(refused).toHaveBeenCalledTimes(1);
  });

  it("takes the reply of the second try, also when the first one is answered or lost late", async () => {
    for (const late of [async (): Promise<string> => "late", lost]) {
      let settle = (): void => undefined;
      const first = new Promise<string>((resolve) => {
        settle = () => resolve(late());
      });
      const read = vi.fn<() => Promise<string>>().mockReturnValueOnce(first).mockResolvedValueOnce("second");
      const result = createBoundedReads({ deadlineMs: 1_000 })(read);
      await vi.advanceTimersByTimeAsync(500);
      settle();
      await expect(result).resolves.toBe("second");
      expect(read).toHaveBeenCalledTimes(2);
    }
  });
});
