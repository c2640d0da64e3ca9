import { copyFile, mkdir, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { entryDirectoryName } from "../src/file-name.ts";
import { openFileStorage } from "../src/open-file-storage.ts";
import { createHeldFileSystem } from "./held-file-system.ts";
import { surroundingsIn } from "./surroundings.ts";
import { age, bytes, signInAgain, twoVersions, type Subject } from "./two-versions.ts";

const damages: [string, (path: string) => Promise<void>][] = [
  ["an empty file", (path) => truncate(path, 0)],
  ["a torn file", (path) => truncate(path, 100)],
  ["a file of zeros", async (path) => writeFile(path, Buffer.alloc((await readFile(path)).length))],
  ["foreign JSON", (path) => writeFile(path, '{"accessToken":"none of ours"}')],
];

describe.each(damages)("readNewest() on %s", (_name, damage) => {
  it("falls back on a version before it that is younger than ten minutes, and tells", async () => {
    const { storage, entry, warnings } = await twoVersions();
    await age(entry, 9);
    await damage(join(entry, "2.json"));
    expect(await storage.get("k")).toEqual({ bytes: bytes("one"), version: "v1" });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      code: "corrupt_file",
      message: expect.stringContaining("version before it is used"),
    });
  });

  it("rejects when the version before it is older, time after time, and tells once", async () => {
    const { storage, entry, warnings } = await twoVersions();
    await age(entry, 11);
    await damage(join(entry, "2.json"));
    await expect(storage.get("k")).rejects.toEqual(signInAgain);
    await expect(storage.get("k")).rejects.toEqual(signInAgain);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      code: "corrupt_file",
      message: expect.stringContaining("sign in again"),
    });
  });

  it("keeps the damaged bytes under another name", async () => {
    const { storage, entry, warnings } = await twoVersions();
    await damage(join(entry, "2.json"));
    const found = await readFile(join(entry, "2.json"));
    await storage.get("k");
    const aside = (await readdir(entry)).filter((name) => name.includes(".corrupt-"));
    expect(aside).toEqual([expect.stringMatching(/^2\.json\.corrupt-\d+$/)]);
    expect(warnings[0]?.path).toBe(join(entry, aside[0] ?? ""));
    expect(await readFile(join(entry, aside[0] ?? ""))).toEqual(found);
    expect(await readdir(entry)).not.toContain("2.json");
  });

  it("lets one of many readers put it right", async () => {
    const { storage, entry, warnings } = await twoVersions();
    await damage(join(entry, "2.json"));
    const answers = await Promise.all(Array.from({ length: 20 }, () => storage.get("k")));
    for (const answer of answers) expect(answer?.version).toBe("v1");
    expect(warnings).toHaveLength(1);
    expect((await readdir(entry)).filter((name) => name.includes(".corrupt-"))).toHaveLength(1);
  });
});

describe("an entry that was damaged beyond repair", () => {
  async function damaged(): Promise<Subject> {
    const subject = await twoVersions();
    await age(subject.entry, 11);
    await truncate(join(subject.entry, "2.json"), 10);
    await expect(subject.storage.get("k")).rejects.toEqual(signInAgain);
    return subject;
  }

  it("is no fresh start for a first write", async () => {
    const { storage } = await damaged();
    expect(await storage.compareAndSwap("k", null, bytes("three"), { version: "v3" })).toMatchObject({
      ok: false,
      current: expect.any(String),
      deleted: true,
    });
  });

  it("is not brought back by a write in flight", async () => {
    const { storage } = await damaged();
    expect(await storage.compareAndSwap("k", "v2", bytes("three"), { version: "v3" })).toMatchObject({
      ok: false,
    });
  });

  it("is replaced by signing in again, which names the version in its way", async () => {
    const { storage } = await damaged();
    const conflict = await storage.compareAndSwap("k", null, bytes("three"), { version: "v3" });
    const current = conflict.ok ? null : conflict.current;
    expect(await storage.compareAndSwap("k", current, bytes("three"), { version: "v3" })).toEqual({
      ok: true,
    });
    expect((await storage.get("k"))?.version).toBe("v3");
  });

  it("can be deleted", async () => {
    const { storage } = await damaged();
    expect(await storage.delete("k")).toBe(true);
    expect(await storage.get("k")).toBeNull();
  });

  it("is not listed and does not stop the list", async () => {
    const { storage } = await damaged();
    await storage.compareAndSwap("other", null, bytes("one"), { version: "v1" });
    expect(await Array.fromAsync(storage.list?.("") ?? [])).toEqual(["other"]);
  });
});

it("leaves a damaged file to somebody else who has just put it right", async () => {
  const { storage, entry } = await twoVersions();
  const [slow, directory] = [createHeldFileSystem(), join(entry, "..", "..")];
  const second = openFileStorage({ directory, logging: false }, surroundingsIn(directory, { fs: slow.fs }));
  await second.compareAndSwap("other", null, bytes("one"), { version: "v1" });
  await truncate(join(entry, "2.json"), 10);
  const aside = slow.hold("link", "before", /corrupt/);
  const reading = second.get("k");
  await aside.reached;
  await storage.get("k");
  aside.letGo();
  expect((await reading)?.version).toBe("v1");
});

it("takes the file of another account for a damaged one", async () => {
  const { storage, entry, warnings } = await twoVersions();
  await storage.compareAndSwap("other", null, bytes("theirs"), { version: "v1" });
  const other = join(entry, "..", entryDirectoryName("other"));
  await copyFile(join(other, "1.json"), join(entry, "3.json"));
  expect(await storage.get("k")).toEqual({ bytes: bytes("two"), version: "v2" });
  expect(warnings).toHaveLength(1);
});

it("does not use a tombstone to repair what came after it", async () => {
  const { storage, entry } = await twoVersions();
  await storage.delete("k", { version: "gone" });
  await storage.compareAndSwap("k", "gone", bytes("four"), { version: "v4" });
  await truncate(join(entry, "4.json"), 10);
  await expect(storage.get("k")).rejects.toEqual(signInAgain);
});

it("does not list a record that was copied to where it does not belong", async () => {
  const { storage, entry } = await twoVersions();
  const copy = join(entry, "..", "a".repeat(52));
  await mkdir(copy, { mode: 0o700 });
  await copyFile(join(entry, "2.json"), join(copy, "1.json"));
  expect(await Array.fromAsync(storage.list?.("") ?? [])).toEqual(["k"]);
});

it("takes no notice of what it did not write", async () => {
  const { storage, entry } = await twoVersions();
  await mkdir(join(entry, "..", "lost+found"), { mode: 0o700 });
  await writeFile(join(entry, ".DS_Store"), "");
  expect((await storage.get("k"))?.version).toBe("v2");
  expect(await Array.fromAsync(storage.list?.("") ?? [])).toEqual(["k"]);
});
