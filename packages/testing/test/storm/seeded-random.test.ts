import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/storm/seeded-random.ts";

const first = (count: number, seed: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

describe("seededRandom()", () => {
  it("gives the same numbers for the same seed and others for another", () => {
    expect(first(20, 1)).toEqual(first(20, 1));
    expect(first(20, 2)).not.toEqual(first(20, 1));
  });

  it("spreads the first number of consecutive seeds over everything below 1", () => {
    const numbers = Array.from({ length: 1_000 }, (_, seed) => first(1, seed)[0] ?? 1);
    const tenths = new Set(numbers.map((number) => Math.floor(number * 10)));
    expect(tenths).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });
});
