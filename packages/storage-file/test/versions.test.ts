import type { Stats } from "node:fs";
import { copyFile, mkdir, readdir, readFile, truncate, writeFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { StorageError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { createPlace } from "../src/atomic-file.ts";
import { openFileStorage } from "../src/file-storage.ts";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import { entryDirectoryName } from "../src/paths.ts";
import { type EntryFiles, readNewest, buryEntry, writeVersion } from "../src/versions.ts";
import {
  accessTo,
  surroundingsIn,
  age,
  bytes,
  signInAgain,
  twoVersions,
  type Subject,
  temporaryDirectory,
} from "./harness.ts";
import { createHeldFileSystem } from "./held-file-system.ts";

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

it("a damaged file is left to another process that has just put it right", async () => {
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

/** A file system whose clock is so many minutes ahead of this machine's. */
function ahead(minutes: number): FileSystem {
  const later = async (found: Promise<Stats>): Promise<Stats> => {
    const stats = await found;
    stats.mtimeMs += minutes * 60_000;
    return stats;
  };
  return new Proxy(nodeFileSystem, {
    get: (target, method: keyof FileSystem) =>
      method === "lstat"
        ? (path: string) => later(target.lstat(path))
        : method === "open"
          ? async (path: string, flags: string, mode: number) => {
              const handle = await target.open(path, flags, mode);
              const readStats = handle.stat.bind(handle);
              Reflect.set(handle, "stat", () => later(readStats()));
              return handle;
            }
          : target[method],
  });
}

it("does not use a version whose age is not known because the clock was set back", async () => {
  const { storage, entry } = await twoVersions();
  await age(entry, -60);
  await truncate(join(entry, "2.json"), 10);
  await expect(storage.get("k")).rejects.toEqual(signInAgain);
});

it.each([-60, 60])(
  "counts the age of a version by the clock of a file system that is %s minutes ahead",
  async (minutes) => {
    const { entry } = await twoVersions();
    await truncate(join(entry, "2.json"), 10);
    const directory = join(entry, "..", "..");
    const shifted = openFileStorage(
      { directory, logging: false },
      surroundingsIn(directory, { fs: ahead(minutes) }),
    );
    expect((await shifted.get("k"))?.version).toBe("v1");
  },
);

const neverWarn = (): never => {
  throw new Error("nothing is wrong with these files");
};

async function entryFiles(root: string, fs: FileSystem = nodeFileSystem): Promise<EntryFiles> {
  const directory = join(root, "entry");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return { place: createPlace(accessTo(fs), root), directory, key: "k" };
}

const write = (files: EntryFiles, expected: string | null, version: string) =>
  writeVersion(
    files,
    expected,
    { version, state: "live", bytes: new TextEncoder().encode(version) },
    neverWarn,
  );

/** Writes v1, v2, … one upon the other. */
async function writeMany(files: EntryFiles, from: number, to: number): Promise<void> {
  for (let nth = from; nth <= to; nth += 1) {
    expect(await write(files, nth === 1 ? null : `v${nth - 1}`, `v${nth}`)).toEqual({ ok: true });
  }
}

describe("writeVersion()", () => {
  it("leaves the newest version and the one before, for the owner alone", async () => {
    const files = await entryFiles(await temporaryDirectory());
    await writeMany(files, 1, 5);
    expect((await readdir(files.directory)).toSorted()).toEqual(["4.json", "5.json"]);
    expect(await readdir(files.place.drafts)).toEqual([]);
    for (const name of ["4.json", "5.json"]) {
      expect((await stat(join(files.directory, name))).mode & 0o777).toBe(0o600);
    }
  });

  it("flushes the file before it gets its name, and the directory after", async () => {
    const { fs, calls } = countedFlushes();
    const files = await entryFiles(await temporaryDirectory(), fs);
    await write(files, null, "v1");
    calls.length = 0;
    await write(files, "v1", "v2");
    expect(calls).toEqual(["sync file", "link", "sync directory"]);
  });

  it("flushes the directory again for a repeat, which may come before the first try has", async () => {
    const { fs, calls } = countedFlushes();
    const files = await entryFiles(await temporaryDirectory(), fs);
    await write(files, null, "v1");
    calls.length = 0;
    expect(await write(files, null, "v1")).toEqual({ ok: true });
    expect(calls).toEqual(["sync directory"]);
  });
});

/** A file system that notes what decides whether a write outlives a power cut. */
function countedFlushes(): { readonly fs: FileSystem; readonly calls: string[] } {
  const calls: string[] = [];
  const fs: FileSystem = {
    ...nodeFileSystem,
    async open(path, flags, mode) {
      const handle = await nodeFileSystem.open(path, flags, mode);
      const sync = handle.sync.bind(handle);
      handle.sync = () => {
        calls.push(flags === "wx" ? "sync file" : "sync directory");
        return sync();
      };
      return handle;
    },
    link(from, to) {
      calls.push("link");
      return nodeFileSystem.link(from, to);
    },
  };
  return { fs, calls };
}

describe("buryEntry()", () => {
  it("does not bury what was written since, when a deletion that worked is repeated", async () => {
    const files = await entryFiles(await temporaryDirectory());
    await write(files, null, "v1");
    expect(await buryEntry(files, "gone", neverWarn)).toBe(true);
    await write(files, "gone", "v2");
    expect(await buryEntry(files, "gone", neverWarn)).toBe(true);
    expect((await readNewest(files, neverWarn))?.entry.version).toBe("v2");
  });
});

describe("a writer that slept", () => {
  it("is refused when its number was used and collected meanwhile", async () => {
    const root = await temporaryDirectory();
    const [files, sleeper] = [await entryFiles(root), createHeldFileSystem()];
    const sleeperFiles = await entryFiles(root, sleeper.fs);
    await writeMany(files, 1, 1);
    const link = sleeper.hold("link", "before", /\.json$/);
    const late = write(sleeperFiles, "v1", "late");
    await link.reached;
    await writeMany(files, 2, 5);
    link.letGo();
    expect(await late).toEqual({ ok: false, current: "v5" });
    expect((await readNewest(files, neverWarn))?.entry.version).toBe("v5");
    expect((await readdir(files.directory)).toSorted()).toEqual(["4.json", "5.json"]);
  });

  it("is told ok when others built on what it wrote before it could look", async () => {
    const root = await temporaryDirectory();
    const [files, sleeper] = [await entryFiles(root), createHeldFileSystem()];
    const sleeperFiles = await entryFiles(root, sleeper.fs);
    const link = sleeper.hold("link", "after", /\.json$/);
    const first = write(sleeperFiles, null, "v1");
    await link.reached;
    await writeMany(files, 2, 9);
    link.letGo();
    expect(await first).toEqual({ ok: true });
  });

  it("is told that nothing is known when too much was written to tell", async () => {
    const root = await temporaryDirectory();
    const [files, sleeper] = [await entryFiles(root), createHeldFileSystem()];
    const sleeperFiles = await entryFiles(root, sleeper.fs);
    const link = sleeper.hold("link", "after", /\.json$/);
    const first = write(sleeperFiles, null, "v1");
    await link.reached;
    await writeMany(files, 2, 80);
    link.letGo();
    await expect(first).rejects.toThrow(StorageError);
  });
});
