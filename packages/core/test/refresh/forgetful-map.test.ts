import { createForgetfulMap, type ForgetfulMap } from "../../src/refresh/cache.ts";
import { describe, expect, it } from "vitest";

const turnMs = 60_000;

function filled(count: number, now: number, atLeast = 10): ForgetfulMap<string, number> {
  const map = createForgetfulMap<string, number>(turnMs, atLeast);
  for (let index = 0; index < count; index++) map.set(`early ${index}`, index, now);
  return map;
}

describe("createForgetfulMap()", () => {
  it("gives what was set last, until it is deleted", () => {
    const map = filled(20, 0);
    map.set("early 0", 7, turnMs - 1);
    expect([map.get("early 0"), map.get("early 1")]).toEqual([7, 1]);
    map.delete("early 0");
    map.delete("early 1");
    expect([map.get("early 0"), map.get("early 1")]).toEqual([undefined, undefined]);
  });

  it("forgets what was not set again for two turns, and keeps what was", () => {
    const map = filled(20, 0);
    map.set("early 0", 100, turnMs);
    expect(map.get("early 19")).toBe(19);
    map.set("late", 1, 2 * turnMs);
    expect(map.get("early 19")).toBeUndefined();
    expect([map.get("early 0"), map.get("late")]).toEqual([100, 1]);
  });

  it("keeps every entry for at least a turn, whenever it was set", () => {
    for (let offset = 0; offset < turnMs; offset += 1_000) {
      const map = filled(20, 0);
      map.set("entry", 1, offset);
      for (let now = offset; now < offset + turnMs; now += 1_000) map.set("another", 2, now);
      expect(map.get("entry")).toBe(1);
    }
  });

  it("forgets nothing while there is little in it", () => {
    const map = filled(8, 0);
    for (let turn = 1; turn < 10; turn++) map.set("late", turn, turn * turnMs);
    expect(map.get("early 0")).toBe(0);
  });

  it("lets go of many entries although hardly anything is set after them", () => {
    const map = filled(1_000, 0);
    map.set("late", 1, turnMs);
    map.set("later", 1, 2 * turnMs);
    expect(map.get("early 0")).toBeUndefined();
  });

  it("goes on forgetting after the clock was set back", () => {
    const map = filled(20, 1_000 * turnMs);
    map.set("late", 1, 0);
    map.set("later", 1, turnMs);
    expect(map.get("early 0")).toBeUndefined();
  });
});
