import { describe, expect, it } from "vitest";
import { barChart } from "../results/bar-chart.ts";

const chart = (values: readonly number[]): string =>
  barChart("Chart", [
    {
      title: "Requests",
      note: "Fewer is better.",
      bars: values.map((value, index) => ({
        label: `library ${index}`,
        value,
        text: String(value),
        ours: index === 0,
      })),
    },
  ]);

/** The lengths of the bars, in the order of the picture. */
function lengths(svg: string): number[] {
  return [...svg.matchAll(/<rect class="(?:bar|ours)"[^>]* width="(\d+)"/g)].map(([, length]) =>
    Number(length),
  );
}

describe("barChart()", () => {
  it("draws bars as long as their values, the longest as long as there is room", () => {
    const [one, half, all] = lengths(chart([1, 50, 100]));
    expect(all).toBe(352);
    expect(half).toBe(176);
    expect(one).toBe(4);
  });

  it("shows a bar of 0 as a thin line, and all of them when nothing else is there", () => {
    expect(lengths(chart([0, 10]))[0]).toBe(2);
    expect(lengths(chart([0, 0]))).toEqual([2, 2]);
  });

  it("marks ours and no other", () => {
    expect(chart([1, 2, 3]).match(/<rect class="ours"/g)).toHaveLength(1);
  });

  it("says everything in words for those who do not see it", () => {
    expect(chart([1, 100])).toContain('<desc id="summary">Requests: library 0 1, library 1 100.</desc>');
  });

  it("has colours for a dark page", () => {
    expect(chart([1])).toContain("@media (prefers-color-scheme: dark)");
  });

  it("escapes what would break the picture", () => {
    const svg = barChart('A & B <"C">', []);
    expect(svg).toContain('<title id="title">A &amp; B &lt;&quot;C&quot;&gt;</title>');
  });

  it("is as high as its panels need", () => {
    const heightOf = (svg: string): number => Number(/viewBox="0 0 760 (\d+)"/.exec(svg)?.[1]);
    expect(heightOf(chart([1, 2])) - heightOf(chart([1]))).toBe(24);
  });
});
