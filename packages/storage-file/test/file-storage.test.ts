import { constants } from "node:fs";
import { access, chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createFileStorage,
  fileStoragePlaces,
  type FileStorageOptions,
  openFileStorage,
} from "../src/file-storage.ts";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import type { FileStorageWarning } from "../src/warning.ts";
import { surroundingsIn, temporaryDirectory } from "./harness.ts";

describe("createFileStorage()", () => {
  it.each([[null], [5], ["/var/lib/app"], [() => ({})]])(
    "refuses %s as options, and says what they are",
    (given) => {
      expect(() => Reflect.apply(createFileStorage, undefined, [given])).toThrow(
        expect.objectContaining({
          code: "invalid_options",
          message: expect.stringContaining("createFileStorage({ directory"),
        }),
      );
    },
  );

  it.each([{ directory: 5 }, { directory: "" }, { directory: "a\0b" }, { directory: null }])(
    "refuses %j, and names the option",
    (given) => {
      expect(() => Reflect.apply(createFileStorage, undefined, [given])).toThrow(
        expect.objectContaining({
          code: "invalid_options",
          message: expect.stringContaining("`directory`"),
        }),
      );
    },
  );

  it.each([{ appName: 5 }, { appName: "" }, { appName: null }, { appName: "../other" }])(
    "refuses %j",
    (given) => {
      expect(() => Reflect.apply(createFileStorage, undefined, [given])).toThrow(
        expect.objectContaining({ code: "invalid_options", message: expect.stringContaining("appName") }),
      );
    },
  );

  it.each([
    [{ dir: "/data" }, "no option `dir`"],
    [{ keyring: "yes" }, "`keyring` must be true or false"],
    [{ allowGroup: 2_000 }, "`allowGroup` must be true or false"],
    [{ keyDirectory: "" }, "`keyDirectory` must be a path"],
    [{ directory: "  " }, "`directory` must be a path"],
    ...[
      "~/tokens",
      "~",
      "~deploy/tokens",
      "$HOME/tokens",
      "${HOME}/tokens",
      "%APPDATA%\\tokens",
      "file:///data",
    ].map((path): [object, string] => [{ directory: path }, "tokens would land in the working directory"]),
    [{ logger: "console" }, "`logger` must be an object"],
    [{ onWarning: {} }, "`onWarning` must be a function"],
  ])("refuses %j by name", (given, message) => {
    expect(() => Reflect.apply(createFileStorage, undefined, [given])).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(message) }),
    );
  });

  it.each(["./~/a", "/data/$HOME", "a$b", "100%/b", "/file:/a"])(
    "takes %s, which names itself",
    (directory) => {
      expect(fileStoragePlaces({ directory, keyDirectory: "/key" }).records).toBe(resolve(directory));
    },
  );

  it("takes undefined for every option", () => {
    const options: Required<FileStorageOptions> = {
      directory: undefined,
      keyDirectory: undefined,
      appName: undefined,
      keyring: undefined,
      allowGroup: undefined,
      logging: undefined,
      logger: undefined,
      onWarning: undefined,
    };
    expect(createFileStorage(options).caps.lease).toBe("host");
  });

  it("needs no options", () => {
    expect(createFileStorage().caps.lease).toBe("host");
    expect(createFileStorage({}).caps.lease).toBe("host");
  });
});

const bytes = (text: string) => new TextEncoder().encode(text);

async function everyFile(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.map((entry) => join(entry.parentPath, entry.name));
}

/** A file system on which these calls fail from now on. */
function failing(code: string, methods: readonly (keyof FileSystem)[], isOn: () => boolean): FileSystem {
  return new Proxy(nodeFileSystem, {
    get: (target, method: keyof FileSystem) =>
      methods.includes(method)
        ? async (path: string, ...rest: never[]) => {
            const writes = method !== "open" || (rest as unknown[])[0] === "wx";
            if (isOn() && writes) throw Object.assign(new Error(`${code}: ${method}`), { code, path });
            return (target[method] as (...args: unknown[]) => unknown)(path, ...rest);
          }
        : target[method],
  });
}

describe("openFileStorage()", () => {
  it("touches nothing before the first write", async () => {
    const home = await temporaryDirectory();
    const storage = openFileStorage({}, surroundingsIn(home));
    expect(await readdir(home)).toEqual([]);
    expect(await storage.get("k")).toBeNull();
    expect(await Array.fromAsync(storage.list?.("") ?? [])).toEqual([]);
    expect(await readdir(home)).toEqual([]);
    await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
    expect(await readdir(home)).toEqual([".local"]);
  });

  it("writes into the data directory of the program and nowhere else, whatever the key", async () => {
    const home = await temporaryDirectory();
    const storage = openFileStorage({ appName: "my-app" }, surroundingsIn(home));
    for (const key of ["../../../escape", "/tmp/escape", "a/b", ".."]) {
      await storage.compareAndSwap(key, null, bytes(key), { version: "v1" });
      await storage.tryLease(key, { owner: "alice", ttlMs: 1_000 });
    }
    const data = join(home, ".local", "share", "my-app");
    const outside = (await everyFile(home)).filter(
      (path) => !path.startsWith(data) && !data.startsWith(path),
    );
    expect(outside).toEqual([]);
  });

  it("opens nothing to other users, whatever the umask", async () => {
    const directory = join(await temporaryDirectory(), "records");
    const umask = process.umask(0);
    try {
      const storage = openFileStorage({ directory }, surroundingsIn(directory));
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      await storage.tryLease("k", { owner: "alice", ttlMs: 1_000 });
      await storage.ownKeys?.();
    } finally {
      process.umask(umask);
    }
    for (const path of await everyFile(directory)) {
      const stats = await stat(path);
      expect([path, stats.mode & 0o777]).toEqual([path, stats.isDirectory() ? 0o700 : 0o600]);
    }
  });

  it("refuses a directory that others can enter until it is closed, then works without a restart", async () => {
    const directory = join(await temporaryDirectory(), "records");
    await mkdir(directory);
    await chmod(directory, 0o755);
    const storage = openFileStorage({ directory }, surroundingsIn(directory));
    await expect(storage.get("k")).rejects.toMatchObject({
      code: "storage_failed",
      action: "fix_config",
      message: expect.stringContaining(`chmod -R u=rwX,go= '${directory}'`),
    });
    await chmod(directory, 0o700);
    expect(await storage.get("k")).toBeNull();
  });

  it("starts again in a directory that was removed under it", async () => {
    const directory = join(await temporaryDirectory(), "records");
    const storage = openFileStorage({ directory }, surroundingsIn(directory));
    await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
    await rm(directory, { recursive: true });
    expect(await storage.compareAndSwap("k", null, bytes("one"), { version: "v2" })).toEqual({ ok: true });
  });

  it("keeps bytes from showing as they are: they are opaque, and base64 in a checked file", async () => {
    const directory = await temporaryDirectory();
    const storage = openFileStorage({ directory }, surroundingsIn(directory));
    await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
    const [file] = (await everyFile(join(directory, "tokens"))).filter((path) => path.endsWith(".json"));
    expect(JSON.parse(await readFile(file ?? "", "utf8"))).toMatchObject({
      key: "k",
      version: "v1",
      bytes: "b25l",
    });
  });

  it.each([
    ["a Uint8Array", bytes("one")],
    ["a Buffer", Buffer.from("one")],
  ])("writes the bytes it was given as %s, whatever becomes of them while it does", async (_name, given) => {
    const directory = await temporaryDirectory();
    const storage = openFileStorage({ directory }, surroundingsIn(directory));
    const writing = storage.compareAndSwap("k", null, given, { version: "v1" });
    given.fill(0);
    await writing;
    expect((await storage.get("k"))?.bytes).toEqual(bytes("one"));
  });

  it("refuses to work after it was closed", async () => {
    const directory = await temporaryDirectory();
    const storage = openFileStorage({ directory }, surroundingsIn(directory));
    await storage.close();
    await expect(storage.get("k")).rejects.toMatchObject({ code: "storage_failed", action: "fix_config" });
  });
});

describe.each([
  ["a full disk", "ENOSPC", ["open", "link"] as const, "df -h"],
  ["an exceeded quota", "EDQUOT", ["open", "link"] as const, "df -h"],
  ["a read-only file system", "EROFS", ["open", "link", "unlink", "mkdir", "utimes"] as const, "findmnt -T"],
  [
    "a directory that was given to another user",
    "EACCES",
    ["open", "link", "unlink", "mkdir"] as const,
    "chmod -R",
  ],
])("on %s", (_name, code, methods, command) => {
  it("a write rejects with what to do, and the record before it is intact", async () => {
    const directory = await temporaryDirectory();
    let isOn = false;
    const fs = failing(code, methods, () => isOn);
    const storage = openFileStorage({ directory }, surroundingsIn(directory, { fs }));
    await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
    const before = await everyFile(directory);

    isOn = true;
    const refused = {
      code: "storage_failed",
      action: "fix_config",
      message: expect.stringContaining(command),
    };
    await expect(storage.compareAndSwap("k", "v1", bytes("two"), { version: "v2" })).rejects.toMatchObject(
      refused,
    );
    await expect(storage.delete("k")).rejects.toMatchObject(refused);
    await expect(storage.tryLease("k", { owner: "alice", ttlMs: 1_000 })).rejects.toMatchObject(refused);

    isOn = false;
    expect(await storage.get("k")).toEqual({ bytes: bytes("one"), version: "v1" });
    expect(await everyFile(directory)).toEqual(before);
    expect(await storage.compareAndSwap("k", "v1", bytes("two"), { version: "v2" })).toEqual({ ok: true });
  });
});

it("keeps the record when the disk fills up in the middle of a file", async () => {
  const directory = await temporaryDirectory();
  let isFull = false;
  const fs: FileSystem = {
    ...nodeFileSystem,
    async open(path, flags, mode) {
      const handle = await nodeFileSystem.open(path, flags, mode);
      if (!isFull || flags !== "wx") return handle;
      handle.writeFile = async (content) => {
        await handle.write(typeof content === "string" ? content.slice(0, 20) : "");
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      };
      return handle;
    },
  };
  const storage = openFileStorage({ directory }, surroundingsIn(directory, { fs }));
  await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
  isFull = true;
  await expect(storage.compareAndSwap("k", "v1", bytes("two"), { version: "v2" })).rejects.toMatchObject({
    action: "fix_config",
  });
  expect(await storage.get("k")).toEqual({ bytes: bytes("one"), version: "v1" });
  expect(await readdir(join(directory, "tokens", ".drafts"))).toEqual([]);
});

/** A file system whose files and directories refuse to be flushed, each in both ways there are, as `/dev/null` does. */
async function refusingToFlush(refused: "files" | "directories"): Promise<FileSystem> {
  const device = await nodeFileSystem.open("/dev/null", "r");
  onTestFinished(() => device.close());
  return {
    ...nodeFileSystem,
    async open(path, flags, mode) {
      const handle = await nodeFileSystem.open(path, flags, mode);
      if ((flags === "r") !== (refused === "directories") || flags === constants.O_RDONLY) return handle;
      return new Proxy(handle, {
        get(target, property) {
          if (property === "sync") return () => device.sync();
          if (property === "fd") return device.fd;
          const found: unknown = Reflect.get(target, property);
          return typeof found === "function" ? found.bind(target) : found;
        },
      });
    },
  };
}

it.each(["files", "directories"] as const)(
  "goes on where %s cannot be flushed, and says so once",
  async (refused) => {
    const directory = await temporaryDirectory();
    const warnings: FileStorageWarning[] = [];
    const options = { directory, onWarning: (warning: FileStorageWarning) => warnings.push(warning) };
    const storage = openFileStorage(
      options,
      surroundingsIn(directory, { fs: await refusingToFlush(refused) }),
    );
    await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
    await storage.compareAndSwap("k", "v1", bytes("two"), { version: "v2" });
    await storage.ownKeys?.();
    expect((await storage.get("k"))?.version).toBe("v2");
    expect(warnings.filter(({ code }) => code === "no_flush")).toHaveLength(1);
  },
);

it("does not go on where flushing fails because the disk does", async () => {
  const directory = await temporaryDirectory();
  const fs: FileSystem = {
    ...nodeFileSystem,
    async open(path, flags, mode) {
      const handle = await nodeFileSystem.open(path, flags, mode);
      handle.sync = () => Promise.reject(Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" }));
      return handle;
    },
  };
  const storage = openFileStorage({ directory, logging: false }, surroundingsIn(directory, { fs }));
  await expect(storage.compareAndSwap("k", null, bytes("one"), { version: "v1" })).rejects.toMatchObject({
    code: "storage_failed",
    action: "retry",
    message: expect.stringContaining("EIO"),
  });
});

it("explains what a lease meets as well", async () => {
  const directory = await temporaryDirectory();
  let isOn = false;
  const fs = failing("EROFS", ["utimes", "open"], () => isOn);
  const lease = await openFileStorage({ directory }, surroundingsIn(directory, { fs })).tryLease("k", {
    owner: "alice",
    ttlMs: 60_000,
  });
  isOn = true;
  await expect(lease?.renew(60_000)).rejects.toMatchObject({ code: "storage_failed", action: "fix_config" });
  await expect(lease?.release()).rejects.toMatchObject({ code: "storage_failed", action: "fix_config" });
});

it("can be read when it can no longer be written", async () => {
  const directory = await temporaryDirectory();
  const surroundings = surroundingsIn(directory);
  await openFileStorage({ directory }, surroundings).compareAndSwap("k", null, bytes("one"), {
    version: "v1",
  });
  const fs = failing("ENOSPC", ["open", "link"], () => true);
  const storage = openFileStorage({ directory }, { ...surroundings, fs });
  expect(await storage.get("k")).toEqual({ bytes: bytes("one"), version: "v1" });
});

it("refuses a record that was opened to others", async () => {
  const directory = await temporaryDirectory();
  const storage = openFileStorage({ directory }, surroundingsIn(directory));
  await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
  const [file = ""] = (await everyFile(join(directory, "tokens"))).filter((path) => path.endsWith(".json"));
  await chmod(file, 0o644);
  await expect(storage.get("k")).rejects.toMatchObject({
    message: expect.stringContaining(`chmod -R u=rwX,go= '${directory}'`),
  });
  await expect(storage.compareAndSwap("k", "v1", bytes("two"), { version: "v2" })).rejects.toMatchObject({
    action: "fix_config",
  });
  await writeFile(file, await readFile(file), { mode: 0o600 });
});

describe("fileStoragePlaces()", () => {
  it("names the directories that a storage of the same options uses, and touches nothing", async () => {
    const directory = join(tmpdir(), "places", "records");
    const keyDirectory = join(tmpdir(), "places", "key");
    expect(fileStoragePlaces({ directory, keyDirectory })).toEqual({ records: directory, key: keyDirectory });
    expect(fileStoragePlaces({ directory, keyring: true })).toEqual({ records: directory, key: undefined });
    expect(() => fileStoragePlaces({ directory: "" })).toThrow("`directory` must be a path");
    await expect(access(directory)).rejects.toThrow("ENOENT");
  });
});
