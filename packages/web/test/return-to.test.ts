import { describe, expect, it } from "vitest";
import { readReturnTo } from "../src/same-origin.js";

describe("readReturnTo()", () => {
  it.each(["/", "/repos?page=2&q=a%20b#top", "/@me", "/a//b", "/caf%C3%A9", "/100%25"])(
    "takes %s",
    (path) => {
      expect(readReturnTo([path])).toBe(path);
    },
  );

  it.each([
    ["/caf\u00e9", "/caf%C3%A9"],
    ["/a b?q=a b", "/a%20b?q=a%20b"],
    [`/search?q=${"x".repeat(1200)}`, `/search?q=${"x".repeat(1200)}`],
  ])("takes %j, as a query parameter that was decoded holds it", (value, path) => {
    expect(readReturnTo([value])).toBe(path);
  });

  it("counts the limit of 2,048 characters once the path is encoded", () => {
    expect(readReturnTo([`/${"a".repeat(2047)}`])).toHaveLength(2048);
    expect(readReturnTo([`/${"\u00e9".repeat(400)}`])).toBeUndefined();
  });

  it("takes a path apart as a browser would", () => {
    expect(readReturnTo(["/a/../b"])).toBe("/b");
  });

  it.each([
    "",
    "repos",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "//app@evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\r\nSet-Cookie: a=b",
    "/ /evil.example",
    "/\uFF0F\uFF0Fevil.example",
    "/.//evil.example",
    "/a/..//evil.example",
    "/%2f%2fevil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/%252fevil.example",
    "/%20/evil.example",
    "/%EF%BC%8Fevil.example",
    "/\u2028/evil.example",
    "/%09/evil.example",
    "/%0d%0aSet-Cookie:a=b",
    "/%",
    `/${"a".repeat(2048)}`,
  ])("refuses %j", (path) => {
    expect(readReturnTo([path])).toBeUndefined();
  });

  it("refuses two, and none", () => {
    expect(readReturnTo(["/a", "/a"])).toBeUndefined();
    expect(readReturnTo([])).toBeUndefined();
  });
});
