import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createChangeNotices } from "../src/change-notices.ts";
import type { FileStorageWarning } from "../src/warning.ts";
import { temporaryDirectory } from "./harness.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("createChangeNotices()", () => {
  it("says once that a directory cannot be watched, and goes on without", async () => {
    const warnings: FileStorageWarning[] = [];
    const notices = createChangeNotices((warning) => warnings.push(warning));
    const fail = () => Promise.reject(new Error("read-only"));
    notices.listen("/none", fail, () => {});
    notices.listen("/none", fail, () => {});
    await settled();
    expect(warnings).toEqual([expect.objectContaining({ code: "watch_failed", path: "/none" })]);
  });

  it("goes on without when the operating system refuses to watch", async () => {
    const warnings: FileStorageWarning[] = [];
    const notices = createChangeNotices((warning) => warnings.push(warning));
    notices.listen(
      "/none",
      async () => {},
      () => {},
    );
    await settled();
    expect(warnings).toEqual([expect.objectContaining({ code: "watch_failed" })]);
  });

  it("calls no listener once it is closed", async () => {
    const directory = await temporaryDirectory();
    const notices = createChangeNotices(() => {});
    let heard = 0;
    notices.listen(
      directory,
      async () => {},
      () => (heard += 1),
    );
    for (let nth = 0; heard === 0; nth += 1) await writeFile(join(directory, `${nth}`), "");
    notices.close();
    heard = 0;
    await writeFile(join(directory, "last"), "");
    await settled();
    expect(heard).toBe(0);
  });

  it("begins nothing once it is closed", async () => {
    const warnings: FileStorageWarning[] = [];
    const notices = createChangeNotices((warning) => warnings.push(warning));
    notices.close();
    notices.listen(
      "/none",
      () => Promise.reject(new Error("read-only")),
      () => {},
    );
    await settled();
    expect(warnings).toEqual([]);
  });

  it("begins no watch for a caller that has stopped listening", async () => {
    const warnings: FileStorageWarning[] = [];
    const notices = createChangeNotices((warning) => warnings.push(warning));
    notices.listen(
      await temporaryDirectory(),
      async () => {},
      () => {},
    )();
    notices.listen(
      "/none",
      () => Promise.reject(new Error("read-only")),
      () => {},
    )();
    await settled();
    expect(warnings).toEqual([]);
  });
});
