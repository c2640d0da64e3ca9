import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import { loadKeyFile } from "../src/key-file.ts";
import { openFileStorage } from "../src/open-file-storage.ts";
import { surroundingsIn } from "./surroundings.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

describe("loadKeyFile()", () => {
  it("makes a key of 32 bytes that only its owner can read", async () => {
    const directory = join(await temporaryDirectory(), "my-app");
    const { current, keys } = await loadKeyFile(nodeFileSystem, directory);
    expect(keys[current]).toHaveLength(32);
    expect(new Set(keys[current]).size).toBeGreaterThan(8);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, "encryption-key.json"))).mode & 0o777).toBe(0o600);
  });

  it("gives the same key to everybody who starts together", async () => {
    const directory = join(await temporaryDirectory(), "my-app");
    const all = await Promise.all(Array.from({ length: 20 }, () => loadKeyFile(nodeFileSystem, directory)));
    for (const keys of all) expect(keys).toEqual(all[0]);
    expect(await loadKeyFile(nodeFileSystem, directory)).toEqual(all[0]);
    expect((await readdir(directory)).toSorted()).toEqual([".drafts", "encryption-key.json"]);
  });

  it.each(["", "{", "null", '{"format":"bitbucket-auth-key-1","current":"a","keys":{"a":"c2hvcnQ="}}'])(
    "rejects a damaged key and leaves it where it is: %j",
    async (damaged) => {
      const directory = await temporaryDirectory();
      const path = join(directory, "encryption-key.json");
      await writeFile(path, damaged, { mode: 0o600 });
      await expect(loadKeyFile(nodeFileSystem, directory)).rejects.toMatchObject({
        code: "storage_failed",
        action: "fix_config",
        message: expect.stringContaining(`mv '${path}'`),
      });
      expect(await readFile(path, "utf8")).toBe(damaged);
    },
  );

  it("needs no room on the disk to read a key", async () => {
    const directory = await temporaryDirectory();
    const keys = await loadKeyFile(nodeFileSystem, directory);
    const full: FileSystem = { ...nodeFileSystem, link: () => Promise.reject(new Error("ENOSPC")) };
    expect(await loadKeyFile(full, directory)).toEqual(keys);
  });

  it("refuses a key that others can read", async () => {
    const directory = await temporaryDirectory();
    await loadKeyFile(nodeFileSystem, directory);
    await chmod(join(directory, "encryption-key.json"), 0o644);
    await expect(loadKeyFile(nodeFileSystem, directory)).rejects.toMatchObject({ action: "fix_config" });
  });

  it("shares a config directory that others may look into, but not one they may change", async () => {
    const directory = join(await temporaryDirectory(), "my-app");
    await mkdir(directory);
    await chmod(directory, 0o755);
    await expect(loadKeyFile(nodeFileSystem, directory)).resolves.toBeDefined();
    await chmod(directory, 0o777);
    await expect(loadKeyFile(nodeFileSystem, directory)).rejects.toMatchObject({ action: "fix_config" });
  });
});

describe("ownKeys()", () => {
  it("keeps the key in the config directory, apart from the records", async () => {
    const home = await temporaryDirectory();
    const env = { XDG_CONFIG_HOME: join(home, "config") };
    const storage = openFileStorage(
      { directory: join(home, "records"), appName: "my-app" },
      surroundingsIn(home, { env }),
    );
    const keys = await storage.ownKeys?.();
    expect(await loadKeyFile(nodeFileSystem, join(home, "config", "my-app"))).toEqual(keys);
    expect(await readdir(home)).toEqual(["config"]);
  });
});
