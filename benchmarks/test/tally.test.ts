import { describe, expect, it } from "vitest";
import { outcomeOf, tally } from "../rivals/tally.ts";

const outcomes = (...values: readonly unknown[]): Promise<readonly PromiseSettledResult<unknown>[]> =>
  Promise.allSettled(
    values.map((value) => (value instanceof Error ? Promise.reject(value) : Promise.resolve(value))),
  );

describe("tally()", () => {
  it("tells new tokens from the old one and from failures", async () => {
    const refused = Object.assign(new TypeError("secret"), { code: "E_REFUSED" });
    const counted = tally(await outcomes("new", "old", "new", refused, new Error("secret")), "old");
    expect(counted).toEqual({
      fresh: ["new", "new"],
      stale: 1,
      failures: { "TypeError E_REFUSED": 1, Error: 1 },
    });
  });

  it("counts whatever a client resolves with as taken", async () => {
    expect(tally(await outcomes(undefined, 7), "old").fresh).toEqual(["undefined", "7"]);
  });
});

describe("outcomeOf()", () => {
  it.each([
    ["a new token", "new"],
    ["the expired token", "old"],
    ["RangeError", new RangeError("x")],
  ])("says %s", async (words, value) => {
    expect(outcomeOf(tally(await outcomes(value), "old"))).toBe(words);
  });
});
