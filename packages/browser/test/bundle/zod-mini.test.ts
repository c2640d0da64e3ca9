import { describe, expect, it } from "vitest";
import * as z from "../../src/bundle/zod-mini.ts";

describe("the page edition of zod/mini", () => {
  it.each([
    ["a string", z.string(), ["", "a"], [undefined, null, 1, {}]],
    ["a number, finite", z.number(), [0, -1.5], [Number.NaN, Infinity, "1", undefined]],
    ["a number in a range", z.number().check(z.gte(1), z.lte(2)), [1, 2], [0.9, 2.1, "1"]],
    ["a pattern", z.string().check(z.regex(/^a$/)), ["a"], ["b", "a\n", 1]],
    ["nothing", z.never(), [], [undefined, null, 0]],
    ["what may be absent", z.optional(z.string()), [undefined, "a"], [null, 1]],
    ["an object", z.object({}), [{}, { a: 1 }], [null, undefined, [], "a", 1]],
  ])("takes %s and nothing else", (_what, schema, good, bad) => {
    for (const value of good) expect(schema.safeParse(value)).toEqual({ success: true, data: value });
    for (const value of bad) expect(schema.safeParse(value).success).toBe(false);
  });

  it("names the first field at fault, in the order of the schema, outermost first", () => {
    const schema = z.object({ a: z.string(), b: z.object({ c: z.number() }) });
    const pathOf = (value: unknown): unknown => {
      const parsed = schema.safeParse(value);
      return parsed.success ? undefined : parsed.error.issues[0].path;
    };
    expect(pathOf({ b: { c: "x" } })).toEqual(["a"]);
    expect(pathOf({ a: "x", b: { c: "x" } })).toEqual(["b", "c"]);
    expect(pathOf([])).toEqual([]);
    expect(pathOf({ a: "x", b: { c: 1 }, d: "left alone" })).toBeUndefined();
  });
});
