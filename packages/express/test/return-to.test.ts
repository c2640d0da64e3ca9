import { describe, expect, it } from "vitest";
import { readReturnTo } from "../src/return-to.js";

describe("readReturnTo()", () => {
  it.each(["/", "/repos?page=2&q=a%20b#top", "/@me", "/a//b", "/caf%C3%A9", "/100%25"])(
    "takes %s",
    (path) => {
      expect(readReturnTo([path])).toBe(path);
    },
  );

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
    "/%09/evil.example",
    "/%0d%0aSet-Cookie:a=b",
    "/%",
    `/${"a".repeat(1024)}`,
  ])("refuses %j", (path) => {
    expect(readReturnTo([path])).toBeUndefined();
  });

  it("refuses two, and none", () => {
    expect(readReturnTo(["/a", "/a"])).toBeUndefined();
    expect(readReturnTo([])).toBeUndefined();
  });
});
