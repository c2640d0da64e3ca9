import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

it("shows in the guide the very storage that passes the contract", async () => {
  const guide = await readFile(new URL("../../../docs/guides/write-a-storage.md", import.meta.url), "utf8");
  const storage = await readFile(new URL("./storage-contract/sqlite-storage.ts", import.meta.url), "utf8");
  expect(guide).toContain(`\`\`\`ts\n${storage}\`\`\``);
});
