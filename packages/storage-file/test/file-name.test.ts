import { describe, expect, it } from "vitest";
import { entryDirectoryName, numberedName, numbersOf } from "../src/file-name.ts";

describe("entryDirectoryName()", () => {
  it("is base32 of SHA-256 (RFC 4648, lower case, no padding)", () => {
    // printf abc | sha256sum | xxd -r -p | base32 | tr -d = | tr A-Z a-z
    expect(entryDirectoryName("abc")).toBe("xj4bnp4pahh6uqkbidpf3lrceoyagyndsylxvhfucd7wd4qacwwq");
  });

  it("refuses a key that is no well-formed Unicode, which would be named like another", () => {
    expect(() => entryDirectoryName("a\ud800")).toThrow(
      expect.objectContaining({ code: "storage_failed", action: "fix_config" }),
    );
  });

  it("leaves nothing of a key in the path", () => {
    for (const key of ["../../etc/passwd", "/", "", "CON", "a:b", "é", "\0", "k".repeat(10_000)]) {
      expect(entryDirectoryName(key)).toMatch(/^[a-z2-7]{52}$/);
    }
  });
});

describe("numbersOf()", () => {
  it("reads back the numbers of a kind, highest first", () => {
    const names = [9, 10, 1, 100].map((number) => numberedName("json", number));
    expect(numbersOf("json", [...names, numberedName("lease", 7)])).toEqual([100, 10, 9, 1]);
  });

  it("takes no notice of files that are not its own", () => {
    const names = [
      "0.json",
      "01.json",
      "-1.json",
      "1.json.corrupt-5",
      "1.jsonx",
      "x1.json",
      "1e3.json",
      "json",
      "1.JSON",
    ];
    expect(numbersOf("json", names)).toEqual([]);
  });
});
