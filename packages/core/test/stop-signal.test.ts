import { describe, expect, it } from "vitest";
import { createStopSource } from "../src/stop-signal.ts";

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
