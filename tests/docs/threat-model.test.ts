import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./markdown-pages.ts";
import { linksOf } from "./page-links.ts";
import { rowsUnder } from "./page-tables.ts";

describe("the threat model", async () => {
  const text = await readFile(join(root, "docs/guides/threat-model.md"), "utf8");

  it.each(["core", "storage-file", "storage-redis", "express", "browser", "api-v2 and testing"])(
    "names a test for every claim about %s",
    (heading) => {
      const rows = rowsUnder(text, heading);
      const unproven = rows.filter(
        ([, , proof = ""]) => !linksOf(proof).some(({ target }) => target.endsWith(".ts")),
      );
      expect(unproven).toEqual([]);
      expect(rows.length).toBeGreaterThan(1);
    },
  );
});
