import { describe, expect, it } from "vitest";
import { createUsedStates } from "../../src/authorization/used-states.ts";

function clockAt(start: number): { time: number; now(): number } {
  return {
    time: start,
    now() {
      return this.time;
    },
  };
}

describe("createUsedStates()", () => {
  it("lets each state be claimed once", () => {
    const used = createUsedStates({ clock: clockAt(0) });
    expect([used.claim("a", 10), used.claim("b", 10), used.claim("a", 10), used.claim("b", 10)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("remembers a state until it expires", () => {
    const clock = clockAt(0);
    const used = createUsedStates({ clock });
    used.claim("a", 10);
    clock.time = 9;
    expect(used.claim("a", 20)).toBe(false);
    clock.time = 10;
    expect(used.claim("a", 20)).toBe(true);
  });

  it("forgets the oldest when it has too many", () => {
    const used = createUsedStates({ clock: clockAt(0), limit: 2 });
    used.claim("a", 10);
    used.claim("b", 10);
    used.claim("c", 10);
    expect([used.claim("c", 10), used.claim("b", 10), used.claim("a", 10)]).toEqual([false, false, true]);
  });

  it("makes room of what has expired before it forgets anything", () => {
    const clock = clockAt(0);
    const used = createUsedStates({ clock, limit: 3 });
    used.claim("a", 20);
    used.claim("old", 5);
    used.claim("b", 20);
    clock.time = 6;
    used.claim("c", 20);
    expect([used.claim("a", 20), used.claim("b", 20), used.claim("c", 20)]).toEqual([false, false, false]);
  });
});
