import { chmod, chown, mkdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import { ensurePrivateDirectory, readPrivateFile } from "../src/private-access.ts";
import { accessTo, temporaryDirectory } from "./harness.ts";

const fixConfig = (command: string) =>
  expect.objectContaining({
    code: "storage_failed",
    action: "fix_config",
    message: expect.stringContaining(command),
  });

describe("ensurePrivateDirectory()", () => {
  it("makes what is missing for the owner alone, whatever the umask", async () => {
    const parent = await temporaryDirectory();
    const umask = process.umask(0);
    try {
      await ensurePrivateDirectory(accessTo(), join(parent, "a", "b"));
    } finally {
      process.umask(umask);
    }
    for (const made of [join(parent, "a"), join(parent, "a", "b")]) {
      expect((await stat(made)).mode & 0o777).toBe(0o700);
    }
  });

  it.each([0o750, 0o705, 0o770, 0o701, 0o720])(
    "refuses mode %o with the command that closes it",
    async (mode) => {
      const directory = await temporaryDirectory();
      await chmod(directory, mode);
      await expect(ensurePrivateDirectory(accessTo(), directory)).rejects.toEqual(
        fixConfig(`chmod -R u=rwX,go= '${directory}'`),
      );
      expect((await stat(directory)).mode & 0o777).toBe(mode);
    },
  );

  it.each(["/", "/tmp", "/usr", "/var/tmp", "/dev/null"])(
    "does not advise to change %s, which other programs need as it is",
    async (path) => {
      const geteuid = vi.spyOn(process, "geteuid").mockReturnValue(54_321);
      try {
        await expect(ensurePrivateDirectory(accessTo(), path)).rejects.toEqual(
          fixConfig("To fix it: give a directory that is this program's alone as `directory`"),
        );
      } finally {
        geteuid.mockRestore();
      }
    },
  );

  it("does not advise to close the home to all others", async () => {
    const home = await temporaryDirectory();
    await chmod(home, 0o755);
    vi.stubEnv("HOME", home);
    try {
      await expect(ensurePrivateDirectory(accessTo(), home)).rejects.toEqual(
        fixConfig("give a directory that is this program's alone"),
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.runIf(process.geteuid?.() === 0)("refuses a directory of another user (runs as root only)", async () => {
    const directory = await temporaryDirectory();
    await chown(directory, 12_345, 12_345);
    await expect(ensurePrivateDirectory(accessTo(), directory)).rejects.toEqual(fixConfig("sudo chown -R"));
  });

  it("goes by the user this process is now, which a server may have changed after its start", async () => {
    const directory = await temporaryDirectory();
    const geteuid = vi.spyOn(process, "geteuid").mockReturnValue(54_321);
    await expect(ensurePrivateDirectory(accessTo(), directory)).rejects.toEqual(fixConfig("sudo chown -R"));
    geteuid.mockRestore();
    await ensurePrivateDirectory(accessTo(), directory);
  });

  it("flushes every directory that it made another one in", async () => {
    const parent = await temporaryDirectory();
    const flushed: unknown[] = [];
    const fs: FileSystem = {
      ...nodeFileSystem,
      open(path, flags, mode) {
        flushed.push(path);
        return nodeFileSystem.open(path, flags, mode);
      },
    };
    await ensurePrivateDirectory(accessTo(fs), join(parent, "a", "b", "c"));
    expect(flushed).toEqual([parent, join(parent, "a"), join(parent, "a", "b")]);
    await ensurePrivateDirectory(accessTo(fs), join(parent, "a", "b", "c"));
    expect(flushed).toHaveLength(3);
  });

  it("refuses a symbolic link", async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "real"), { mode: 0o700 });
    await symlink(join(directory, "real"), join(directory, "link"));
    await expect(ensurePrivateDirectory(accessTo(), join(directory, "link"))).rejects.toEqual(
      fixConfig("realpath"),
    );
  });

  it("refuses a file that stands in its place", async () => {
    const path = join(await temporaryDirectory(), "file");
    await writeFile(path, "");
    await expect(ensurePrivateDirectory(accessTo(), path)).rejects.toEqual(fixConfig(`mv '${path}'`));
  });
});

describe("readPrivateFile()", () => {
  it("answers null for a file that is not there", async () => {
    expect(await readPrivateFile(accessTo(), join(await temporaryDirectory(), "none"))).toBeNull();
  });

  it.each([0o640, 0o604, 0o620])("refuses mode %o with the command that closes it", async (mode) => {
    const path = join(await temporaryDirectory(), "file");
    await writeFile(path, "text");
    await chmod(path, mode);
    await expect(readPrivateFile(accessTo(), path)).rejects.toEqual(
      fixConfig(`chmod -R u=rwX,go= '${path}'`),
    );
  });

  it("follows no link", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "real"), "text", { mode: 0o600 });
    await symlink(join(directory, "real"), join(directory, "link"));
    await expect(readPrivateFile(accessTo(), join(directory, "link"))).rejects.toMatchObject({
      code: "ELOOP",
    });
  });
});
