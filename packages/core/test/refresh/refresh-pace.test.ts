import { createRefreshPace } from "../../src/refresh/ahead.ts";
import { movableClock } from "../auth-under-test.ts";
import { describe, expect, it } from "vitest";

describe("createRefreshPace()", () => {
  it("lets as many begin at once as a second holds, and no more", () => {
    const pace = createRefreshPace(movableClock(), 10);
    expect(Array.from({ length: 12 }, () => pace.take())).toEqual([
      ...Array.from({ length: 10 }, () => true),
      false,
      false,
    ]);
  });

  it("holds in every second, wherever it begins", () => {
    const clock = movableClock();
    const pace = createRefreshPace(clock, 10);
    const taken: number[] = [];
    for (let ms = 0; ms < 60_000; ms += 7) {
      if (pace.take()) taken.push(clock.now());
      clock.move(7);
    }

    const toTheEleventh = taken.slice(10).map((at, index) => at - (taken[index] ?? 0));
    expect(Math.min(...toTheEleventh)).toBeGreaterThanOrEqual(1_000);
    expect(taken.length).toBeGreaterThan(590);
  });

  it("gives a place back one second after it was taken", () => {
    const clock = movableClock();
    const pace = createRefreshPace(clock, 1);
    pace.take();
    clock.move(999);
    expect(pace.take()).toBe(false);
    clock.move(1);
    expect(pace.take()).toBe(true);
  });

  it("lets the next begin after the clock was set back", () => {
    const clock = movableClock();
    const pace = createRefreshPace(clock, 1);
    pace.take();
    clock.move(-7_200_000);
    expect(pace.take()).toBe(true);
  });

  it("lets nothing begin with 0", () => {
    expect(createRefreshPace(movableClock(), 0).take()).toBe(false);
  });
});
