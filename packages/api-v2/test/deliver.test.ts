import { describe, expect, it } from "vitest";
import { deliver } from "../src/deliver.ts";

describe("deliver()", () => {
  it("gives the promise back where there is no callback", async () => {
    const answer = Promise.resolve(1);
    expect(deliver(answer, undefined)).toBe(answer);
    expect(deliver(answer, null)).toBe(answer);
  });

  it("calls back later, once", async () => {
    const calls: unknown[][] = [];
    expect(deliver(Promise.resolve("answer"), (...args) => calls.push(args))).toBeUndefined();
    expect(calls).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual([[null, "answer"]]);
  });

  it("lets what a callback throws out of the promise, and does not call it again", async () => {
    const thrown: unknown[] = [];
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => thrown.push(error));
    let calls = 0;
    const failure = new Error("the caller's own");
    void deliver(Promise.resolve("answer"), () => {
      calls += 1;
      throw failure;
    });
    await new Promise((resolve) => setImmediate(resolve));
    for (const listener of listeners) process.on("uncaughtException", listener);
    expect([calls, thrown]).toEqual([1, [failure]]);
  });

  it("never takes an abort for success, not even one for the reason null", async () => {
    const error = await new Promise((resolve) => void deliver(Promise.reject(null), resolve));
    expect(error).toMatchObject({ name: "AbortError" });
  });
});
