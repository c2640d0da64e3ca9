import {
  anySignal,
  createStopSource,
  onStop,
  pause,
  startDeadline,
  startTimer as startMachineTimer,
  waitFor,
  withinTime,
  type StartTimer,
  type StopSignal,
} from "../src/timing.ts";
import { createForeignSignal } from "./foreign-signal.ts";
import { deferred, rejectionOf } from "./promises.ts";
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;
/** Made ahead, and handled. */
const rejected = Promise.reject(new RangeError("no"));
rejected.catch(() => undefined);
const never = (): Promise<never> => new Promise(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a time longer than a timer can wait", () => {
  it("is not over at once", async () => {
    let ended = false;
    void pause(2 ** 40).then(() => (ended = true));
    const deadline = startDeadline(2 ** 40);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([ended, deadline.signal.aborted]).toEqual([false, false]);
    deadline.cancel();
  });
});

describe("pause()", () => {
  it("ends when its time is over and leaves nothing behind", async () => {
    const { signal } = new AbortController();
    let ended = false;
    void pause(1_000, [signal]).then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(999);
    expect([ended, listeners(signal)]).toEqual([false, 1]);
    await vi.advanceTimersByTimeAsync(1);
    expect([ended, listeners(signal), vi.getTimerCount()]).toEqual([true, 0, 0]);
  });

  it("ends early when any signal fires, and leaves nothing on the others", async () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const paused = pause(60_000, [one.signal, two.signal]);
    two.abort();
    await paused;
    expect([listeners(one.signal), listeners(two.signal), vi.getTimerCount()]).toEqual([0, 0, 0]);
  });

  it("does not begin when a signal has fired already", async () => {
    const other = new AbortController();
    await pause(60_000, [AbortSignal.abort(), other.signal]);
    expect([listeners(other.signal), vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe("startDeadline()", () => {
  it("fires after its time", () => {
    const deadline = startDeadline(1_000);
    vi.advanceTimersByTime(999);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.aborted).toBe(true);
  });

  it("never fires once it is cancelled, and leaves no timer", () => {
    const deadline = startDeadline(1_000);
    deadline.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5_000);
    expect(deadline.signal.aborted).toBe(false);
  });
});

describe("waitFor()", () => {
  it("is the shared promise itself when there is nothing that could end the wait", () => {
    const shared = Promise.resolve("token");
    expect(waitFor(shared, [undefined])).toBe(shared);
  });

  it.each([
    ["a token", Promise.resolve("token"), { status: "fulfilled", value: "token" }],
    ["an error", rejected, { status: "rejected", reason: new RangeError("no") }],
  ])("passes on %s of the shared promise, and leaves no listener", async (_what, shared, expected) => {
    const { signal } = new AbortController();
    const [outcome] = await Promise.allSettled([waitFor(shared, [signal, undefined])]);
    expect(outcome).toEqual(expected);
    await vi.advanceTimersByTimeAsync(0);
    expect(listeners(signal)).toBe(0);
  });

  it("frees the aborting caller alone, with the reason of its signal", async () => {
    let end: (token: string) => void = () => undefined;
    const shared = new Promise<string>((resolve) => (end = resolve));
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const gone = waitFor(shared, [leaving.signal, staying.signal]);
    const other = waitFor(shared, [staying.signal]);
    const reason = new Error("the request was cancelled");
    leaving.abort(reason);
    expect(await rejectionOf(gone)).toBe(reason);
    expect([listeners(leaving.signal), listeners(staying.signal)]).toEqual([0, 1]);
    end("token");
    expect(await other).toBe("token");
  });

  it("frees at once a caller whose signal has fired before", async () => {
    const other = new AbortController();
    const reason = new Error("already over");
    expect(await rejectionOf(waitFor(never(), [other.signal, AbortSignal.abort(reason)]))).toBe(reason);
    expect(listeners(other.signal)).toBe(0);
  });

  it("lets the shared promise fail unheard after its last caller has left", async () => {
    let fail: (error: Error) => void = () => undefined;
    const shared = new Promise<string>((_, reject) => (fail = reject));
    const leaving = new AbortController();
    const gone = waitFor(shared, [leaving.signal]);
    leaving.abort(new Error("gone"));
    await rejectionOf(gone);
    const unhandled = vi.fn<() => void>();
    process.once("unhandledRejection", unhandled);
    fail(new Error("unheard"));
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe("startTimer()", () => {
  it("calls back when time is up", async () => {
    vi.useFakeTimers();
    try {
      const onTime = vi.fn<() => void>();
      startMachineTimer(5000, onTime);
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
      startMachineTimer(5000, () => {})();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([2 ** 31, Number.POSITIVE_INFINITY])("does not take %d ms for none", async (ms) => {
    vi.useFakeTimers();
    try {
      const onTime = vi.fn<() => void>();
      startMachineTimer(ms, onTime);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(onTime).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("createStopSource()", () => {
  it("tells every listener once, and says why", () => {
    const source = createStopSource();
    let told = 0;
    for (let listener = 0; listener < 1_000; listener++)
      source.signal.addEventListener("abort", () => told++);
    const reason = new Error("over");

    expect(source.signal).toMatchObject({ aborted: false, reason: undefined });
    source.stop(reason);
    source.stop(new Error("again"));

    expect(told).toBe(1_000);
    expect(source.signal).toMatchObject({ aborted: true, reason });
  });

  it("calls no listener that was removed", () => {
    const source = createStopSource();
    const listener = (): void => expect.unreachable("it had left");
    source.signal.addEventListener("abort", listener);
    source.signal.removeEventListener("abort", listener);
    source.stop("over");

    expect(source.signal.aborted).toBe(true);
  });
});

describe("onStop()", () => {
  it("ends with each of its signals, and needs none", () => {
    const first = createStopSource();
    const second = new AbortController();
    const listener = vi.fn<() => void>();
    onStop([undefined, first.signal, second.signal], listener);
    onStop([undefined], listener);
    expect(listener).not.toHaveBeenCalled();

    first.stop("over");
    expect(listener).toHaveBeenCalledTimes(1);
    second.abort();
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it("leaves its signals when it is called off", () => {
    const signal = createStopSource().signal;
    const joined = vi.spyOn(signal, "addEventListener");
    const left = vi.spyOn(signal, "removeEventListener");
    onStop([signal], () => {})();

    expect(left.mock.calls).toEqual(joined.mock.calls);
  });

  it("gives a signal nothing to hold on to once it is called off", () => {
    const kept: (() => void)[] = [];
    const clinging: StopSignal = {
      aborted: false,
      reason: undefined,
      addEventListener: (_type, listener) => void kept.push(listener),
      removeEventListener: () => {},
    };
    const stopListening = onStop([clinging], () => expect.unreachable("it was called off"));
    stopListening();

    expect(kept).toHaveLength(1);
    for (const listener of kept) listener();
  });
});

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

  it("gives a result that comes too late to discard, and one in time to its caller alone", async () => {
    const discard = vi.fn<(late: string) => void>();
    const late = deferred<string>();
    await withinTime(() => late.promise, { ...limit, startTimer: upAtOnce, discard });
    late.resolve("late");
    await expect.poll(() => discard.mock.calls).toEqual([["late"]]);
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

  it("rejects with the reason of what ended it, the caller's first", async () => {
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

describe("anySignal()", () => {
  it("fires with each of its signals, of this realm and of another, with that one's reason", () => {
    const [ours, foreign] = [new AbortController(), createForeignSignal()];
    const joined = [anySignal([ours.signal, foreign.signal]), anySignal([foreign.signal, ours.signal])];
    expect(joined.map(({ aborted }) => aborted)).toEqual([false, false]);
    foreign.abort("gone");
    expect(joined.map(({ reason }) => reason)).toEqual(["gone", "gone"]);
    expect(anySignal([ours.signal, foreign.signal]).reason).toBe("gone");
    ours.abort("over");
    expect(anySignal([ours.signal, createForeignSignal().signal]).reason).toBe("over");
  });

  it("has one listener on a signal of another realm, however often that is joined", () => {
    const foreign = createForeignSignal();
    const joined = Array.from({ length: 50 }, () => anySignal([foreign.signal]));
    expect(foreign.listeners()).toBe(1);
    foreign.abort("gone");
    expect(new Set(joined.map(({ reason }) => reason))).toEqual(new Set(["gone"]));
  });
});
