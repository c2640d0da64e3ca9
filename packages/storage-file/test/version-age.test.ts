import type { Stats } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import { openFileStorage } from "../src/open-file-storage.ts";
import { surroundingsIn } from "./surroundings.ts";
import { age, signInAgain, twoVersions } from "./two-versions.ts";

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
              const stat = handle.stat.bind(handle);
              Reflect.set(handle, "stat", () => later(stat()));
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
