import { describe, expect, it } from "vitest";
import { multipartRelated } from "../src/multipart-related.ts";

async function written(fields: Record<string, unknown>): Promise<{ type: string; parts: string[] }> {
  const { headers, body } = multipartRelated(fields);
  const type = headers["content-type"] ?? "";
  const [, boundary = ""] = /boundary="([^"]+)"/.exec(type) ?? [];
  return { type: type.replace(boundary, "B"), parts: (await body.text()).split(`\r\n--${boundary}`) };
}

describe("multipartRelated()", () => {
  it("describes the snippet first, then gives each file under its name", async () => {
    const { type, parts } = await written({
      title: "Tïtle",
      files: { "a.txt": "ä", "b.png": new Blob(["png"], { type: "image/png" }) },
    });
    expect(type).toBe('multipart/related; boundary="B"; start="snippet"');
    expect(parts).toEqual([
      "",
      expect.stringMatching(
        /Content-ID: snippet\r\n[^]*\r\n\r\n\{"title":"Tïtle","files":\{"a.txt":\{\},"b.png":\{\}\}\}$/,
      ),
      expect.stringMatching(
        /Content-Type: text\/plain; charset=utf-8\r\n[^]*Content-ID: a.txt\r\n[^]*\r\n\r\nä$/,
      ),
      expect.stringMatching(/Content-Type: image\/png\r\n[^]*filename="b.png"\r\n\r\npng$/),
      "--\r\n",
    ]);
  });

  it("keeps a file name from ending its header", async () => {
    const { parts } = await written({ files: { 'a"\r\nX-Evil: 1': "x" } });
    expect(parts[2]).not.toMatch(/^X-Evil/m);
  });

  it("has a description alone when there are no files", async () => {
    expect((await written({ title: "t" })).parts).toHaveLength(3);
  });

  it.each([["text"], [new Blob(["a"]).stream()], [{ "a.txt": new Blob(["a"]).stream() }]])(
    "refuses %o as files, which would be lost",
    (files) => {
      expect(() => multipartRelated({ files })).toThrow(expect.objectContaining({ code: "invalid_options" }));
    },
  );
});
