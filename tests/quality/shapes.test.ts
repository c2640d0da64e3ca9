import { glob, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Classes that each realm has its own of: jest, vm contexts, jsdom and iframes pass objects of another one. */
const ofPlatform =
  /\binstanceof (?:Uint8Array|ArrayBuffer|Buffer|(?:Type|Range|Aggregate)?Error|DOMException|Promise|Date|URL|URLSearchParams|Request|Response|Headers|Blob|FormData|AbortSignal|Map|Set)\b/;

describe("the source of the packages", () => {
  it("judges objects of the platform by their shape, never by their class", async () => {
    const found: string[] = [];
    for await (const file of glob("packages/*/src/**/*.ts", { cwd: root })) {
      const lines = (await readFile(root + file, "utf8")).split("\n");
      // A comment may name what the code avoids.
      const offending = lines.filter((line) => ofPlatform.test(line) && !/^\s*(?:\*|\/[/*])/.test(line));
      if (offending.length > 0) found.push(`${file}: ${offending.join(" | ").trim()}`);
    }
    expect(found).toEqual([]);
  });
});
