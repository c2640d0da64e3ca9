import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { StorageError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { createPlace } from "../src/draft.ts";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import type { EntryFiles } from "../src/publish-version.ts";
import { readNewest } from "../src/read-version.ts";
import { buryEntry, writeVersion } from "../src/write-version.ts";
import { createHeldFileSystem } from "./held-file-system.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const neverWarn = (): never => {
  throw new Error("nothing is wrong with these files");
};

async function entryFiles(root: string, fs: FileSystem = nodeFileSystem): Promise<EntryFiles> {
  const directory = join(root, "entry");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return { place: createPlace(fs, root), directory, key: "k" };
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
    await writeMany(files, 2, 30);
    link.letGo();
    await expect(first).rejects.toThrow(StorageError);
  });
});
