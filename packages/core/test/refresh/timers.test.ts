import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pause, startDeadline, waitFor } from "../../src/refresh/timers.ts";
import { rejectionOf } from "./refresh-under-test.ts";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;
/** Made ahead, with somebody to hear of it. */
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
    fail(new Error("nobody hears this"));
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
