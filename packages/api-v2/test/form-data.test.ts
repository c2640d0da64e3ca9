import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { formData } from "../src/form-data.ts";

async function partsOf(fields: Record<string, unknown>): Promise<[string, string, string?][]> {
  const parts: [string, string, string?][] = [];
  for (const [name, value] of formData(fields))
    parts.push(typeof value === "string" ? [name, value] : [name, await value.text(), value.name]);
  return parts;
}

describe("formData()", () => {
  it("makes fields of texts, numbers and truths, and none of what is absent", async () => {
    expect(await partsOf({ a: "ü", b: 1, c: false, d: null, e: undefined })).toEqual([
      ["a", "ü"],
      ["b", "1"],
      ["c", "false"],
    ]);
  });

  it("makes files of blobs and bytes, named after their field or by themselves", async () => {
    const bytes = new TextEncoder().encode("_bytes_");
    expect(
      await partsOf({
        "src/a.txt": new Blob(["a"]),
        b: new File(["b"], "ü.zip"),
        c: bytes.subarray(1, 6),
        d: bytes.buffer,
      }),
    ).toEqual([
      ["src/a.txt", "a", "src/a.txt"],
      ["b", "b", "ü.zip"],
      ["c", "bytes", "c"],
      ["d", "_bytes_", "d"],
    ]);
  });

  it("makes several parts of a list", async () => {
    expect(await partsOf({ files: [new File(["1"], "1"), new File(["2"], "2")] })).toEqual([
      ["files", "1", "1"],
      ["files", "2", "2"],
    ]);
  });

  it("makes the parts a snippet wants of a map of files", async () => {
    expect(await partsOf({ files: { "a.txt": "text", "b.png": new Blob(["png"]) } })).toEqual([
      ["file", "text", "a.txt"],
      ["file", "png", "b.png"],
    ]);
  });

  it("makes text of what has one", async () => {
    expect(
      await partsOf({ a: new URL("https://a.example"), b: Object.assign(Object.create(null), { c: "d" }) }),
    ).toEqual([
      ["a", "https://a.example/"],
      ["b", "d", "c"],
    ]);
  });

  it.each([
    ["a stream", new Blob(["a"]).stream()],
    ["a stream of Node's", Readable.from(["a"])],
    ["a promise", Promise.resolve("a")],
    ["a map of one of these", { "a.txt": Readable.from(["a"]) }],
    ["a map of maps", { "a.txt": { b: "c" } }],
  ])("refuses %s, which would arrive empty", async (_what, files) => {
    await expect(partsOf({ files })).rejects.toMatchObject({ code: "invalid_options" });
  });

  it("opens no path", async () => {
    expect(await partsOf({ file: "/etc/hostname" })).toEqual([["file", "/etc/hostname"]]);
  });
});
