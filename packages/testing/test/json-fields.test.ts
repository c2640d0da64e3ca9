import { describe, expect, it } from "vitest";
import { readFields } from "../src/json-fields.ts";

describe("readFields()", () => {
  it("reads members with their types", () => {
    const fields = readFields({ a: "x", b: 1, c: true, d: ["x"], e: { f: null } });
    expect([fields.string("a"), fields.number("b"), fields.boolean("c"), fields.strings("d")]).toEqual([
      "x",
      1,
      true,
      ["x"],
    ]);
    expect(fields.fields("e").has("f")).toBe(false);
    expect(fields.optional("z", (of) => of.string("z"))).toBeUndefined();
    expect(fields.oneOf("a", ["x", "y"])).toBe("x");
  });

  it.each([null, [], "x", 1, undefined])("refuses %j", (value) => {
    expect(() => readFields(value, "the thing")).toThrow("the thing is not a JSON object");
  });

  it("names the member that has another type, and not its value", () => {
    const fields = readFields({ a: "the value" }, "the thing");
    expect(() => fields.number("a")).toThrow(/^"a" of the thing is not a number$/);
    expect(() => fields.boolean("a")).toThrow("true or false");
    expect(() => fields.list("a")).toThrow("a list");
    expect(() => fields.string("b")).toThrow("a string");
    expect(() => fields.oneOf("a", ["x", "y"])).toThrow("one of x, y");
    expect(() => readFields({ d: ["x", 1] }).strings("d")).toThrow("a list of strings");
  });
});
