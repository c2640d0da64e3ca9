import { describe, expect, it } from "vitest";
import { createRunningWork } from "../src/running-work.ts";
import { createStopSource } from "../src/stop-signal.ts";

describe("createRunningWork()", () => {
  it("waits for all that runs, whatever comes of it", async () => {
    const work = createRunningWork(createStopSource().signal);
    const ended: string[] = [];
    let end: () => void = () => undefined;
    const long = work.run(async () => {
      await new Promise<void>((resolve) => (end = resolve));
      ended.push("long");
    });
    const failed = work.run(() => Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");
    const settled = work.settled().then(() => ended.push("settled"));
    end();
    await Promise.all([long, settled]);
    expect(ended).toEqual(["long", "settled"]);
  });

  it("begins nothing once its owner has closed", async () => {
    const closing = createStopSource();
    const work = createRunningWork(closing.signal);
    closing.stop(new Error("closed"));
    let begun = 0;
    await expect(work.run(async () => ++begun)).rejects.toThrow("closed");
    expect(begun).toBe(0);
  });
});
