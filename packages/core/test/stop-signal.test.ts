import { describe, expect, it, vi } from "vitest";
import { createStopSource, onStop, type StopSignal } from "../src/stop-signal.ts";

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

  it("tells nobody who has left", () => {
    const source = createStopSource();
    const listener = (): void => expect.unreachable("it had left");
    source.signal.addEventListener("abort", listener);
    source.signal.removeEventListener("abort", listener);
    source.stop("over");

    expect(source.signal.aborted).toBe(true);
  });
});

describe("onStop()", () => {
  it("hears each of its signals, and needs none", () => {
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
