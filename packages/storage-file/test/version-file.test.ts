import { describe, expect, it } from "vitest";
import { formatVersionFile, parseVersionFile, type VersionEntry } from "../src/version-file.ts";

const entry: VersionEntry = {
  version: "v2",
  ancestors: ["v1"],
  deletions: [{ version: "gone", wasThere: true }],
  state: "live",
  bytes: Uint8Array.from({ length: 256 }, (_, byte) => byte),
};
const text = formatVersionFile("client:alice", entry);

describe("parseVersionFile()", () => {
  it("reads back what was written", () => {
    expect(parseVersionFile("client:alice", text)).toEqual(entry);
  });

  it("knows a torn file at every length", () => {
    for (let length = 0; length < text.length; length += 1) {
      expect(parseVersionFile("client:alice", text.slice(0, length))).toBeNull();
    }
  });

  it("knows a file in which any one character was changed", () => {
    for (let index = 0; index < text.length; index += 1) {
      const other = text[index] === "0" ? "1" : "0";
      expect(
        parseVersionFile("client:alice", text.slice(0, index) + other + text.slice(index + 1)),
      ).toBeNull();
    }
  });

  it("knows the file of another key", () => {
    expect(parseVersionFile("client:bob", text)).toBeNull();
  });

  it.each(["null", "[]", "{}", '"text"', '{"sha256":""}', '{"__proto__":{"key":"client:alice"}}'])(
    "knows foreign JSON: %s",
    (foreign) => {
      expect(parseVersionFile("client:alice", foreign)).toBeNull();
    },
  );
});
