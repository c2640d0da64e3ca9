import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { AsyncEntry } from "@napi-rs/keyring";
import { describe, expect, it } from "vitest";
import {
  loadKeyFile,
  newKeyRecord,
  parseKeyRecord,
  type KeyringEntry,
  loadKeyringKey,
  openNativeEntry,
} from "../src/encryption-key.ts";
import { openFileStorage } from "../src/file-storage.ts";
import { createFileStorage } from "../src/file-storage.ts";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import { accessTo, surroundingsIn, temporaryDirectory } from "./harness.ts";
import { signal } from "./held-file-system.ts";
import { refusingLinks } from "./without-links.ts";

describe("loadKeyFile()", () => {
  it("makes a key of 32 bytes that only its owner can read", async () => {
    const directory = join(await temporaryDirectory(), "my-app");
    const { current, keys } = await loadKeyFile(accessTo(), directory);
    expect(keys[current]).toHaveLength(32);
    expect(new Set(keys[current]).size).toBeGreaterThan(8);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, "encryption-key.json"))).mode & 0o777).toBe(0o600);
  });

  it("gives the same key to all processes that start together", async () => {
    const directory = join(await temporaryDirectory(), "my-app");
    const all = await Promise.all(Array.from({ length: 20 }, () => loadKeyFile(accessTo(), directory)));
    for (const keys of all) expect(keys).toEqual(all[0]);
    expect(await loadKeyFile(accessTo(), directory)).toEqual(all[0]);
    expect((await readdir(directory)).toSorted()).toEqual([".drafts", "encryption-key.json"]);
  });

  it("waits for another process that is writing the key, where the file system has no hard links", async () => {
    const directory = await temporaryDirectory();
    const isKey = (path: unknown): boolean => String(path).endsWith("encryption-key.json");
    const base = refusingLinks("EPERM");
    const [begun, seen] = [signal(), signal()];
    const slow: FileSystem = {
      ...base,
      async open(path, flags, mode) {
        const handle = await base.open(path, flags, mode);
        if (!isKey(path) || flags !== "wx") return handle;
        // The file has its name, and nothing is in it yet.
        begun.give();
        await seen.given;
        return handle;
      },
    };
    const making = loadKeyFile(accessTo(slow), directory);
    await begun.given;
    let looks = 0;
    const watched: FileSystem = {
      ...base,
      async open(path, flags, mode) {
        if (isKey(path) && ++looks === 2) seen.give();
        return base.open(path, flags, mode);
      },
    };
    const reading = loadKeyFile(accessTo(watched), directory);
    // Done as well when it does not look again.
    await Promise.race([seen.given, reading.catch(() => undefined)]);
    seen.give();
    expect(await reading).toEqual(await making);
  });

  it("reads a key file that an editor has put a byte order mark in front of", async () => {
    const directory = await temporaryDirectory();
    const keys = await loadKeyFile(accessTo(), directory);
    const path = join(directory, "encryption-key.json");
    await writeFile(path, `\uFEFF${await readFile(path, "utf8")}\r\n`);
    expect(await loadKeyFile(accessTo(), directory)).toEqual(keys);
  });

  it.each(["", "{", "null", '{"format":"bitbucket-auth-key-1","current":"a","keys":{"a":"c2hvcnQ="}}'])(
    "rejects a damaged key and leaves it where it is: %j",
    async (damaged) => {
      const directory = await temporaryDirectory();
      const path = join(directory, "encryption-key.json");
      await writeFile(path, damaged, { mode: 0o600 });
      await expect(loadKeyFile(accessTo(), directory)).rejects.toMatchObject({
        code: "storage_failed",
        action: "fix_config",
        message: expect.stringContaining(`mv '${path}'`),
      });
      expect(await readFile(path, "utf8")).toBe(damaged);
    },
  );

  it("needs no room on the disk to read a key", async () => {
    const directory = await temporaryDirectory();
    const keys = await loadKeyFile(accessTo(), directory);
    const full: FileSystem = { ...nodeFileSystem, link: () => Promise.reject(new Error("ENOSPC")) };
    expect(await loadKeyFile(accessTo(full), directory)).toEqual(keys);
  });

  it("refuses a key that others can read", async () => {
    const directory = await temporaryDirectory();
    await loadKeyFile(accessTo(), directory);
    await chmod(join(directory, "encryption-key.json"), 0o644);
    await expect(loadKeyFile(accessTo(), directory)).rejects.toMatchObject({ action: "fix_config" });
  });

  it("shares a config directory that others may look into, but not one they may change", async () => {
    const directory = join(await temporaryDirectory(), "my-app");
    await mkdir(directory);
    await chmod(directory, 0o755);
    await expect(loadKeyFile(accessTo(), directory)).resolves.toBeDefined();
    await chmod(directory, 0o777);
    await expect(loadKeyFile(accessTo(), directory)).rejects.toMatchObject({ action: "fix_config" });
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
    expect(await loadKeyFile(accessTo(), join(home, "config", "my-app"))).toEqual(keys);
    expect(await readdir(home)).toEqual(["config"]);
  });
});

/** A keyring that several programs share. */
function createKeyring() {
  const secrets = new Map<string, string>();
  const writes: string[] = [];
  const open = async (service: string, name: string): Promise<KeyringEntry> => ({
    getPassword: async () => secrets.get(`${service}/${name}`) ?? null,
    setPassword: async (password) => {
      writes.push(password);
      secrets.set(`${service}/${name}`, password);
    },
  });
  return { open, secrets, writes };
}

const unusable = expect.objectContaining({
  code: "storage_failed",
  action: "fix_config",
  message: expect.stringContaining("keyring"),
});

const free = async () => ({ fence: 1, renew: async () => true, release: async () => {} });

describe("the keyring option", () => {
  it("keeps the key alone in the keyring, and no key on disk", async () => {
    const home = await temporaryDirectory();
    const keyring = createKeyring();
    const storage = openFileStorage(
      { appName: "my-app", keyring: true },
      surroundingsIn(home, { openKeyringEntry: keyring.open }),
    );
    const keys = await storage.ownKeys?.();
    expect(keys?.keys[keys.current]).toHaveLength(32);
    expect([...keyring.secrets.keys()]).toEqual(["my-app/encryption-key"]);
    expect(await readdir(home)).toEqual([".local"]);
    await storage.compareAndSwap("k", null, new Uint8Array(5_000), { version: "v1" });
    expect(keyring.writes).toHaveLength(1);
    expect(keyring.writes[0]?.length).toBeLessThan(1_280);
  });

  it("agrees on one key with all processes that start together", async () => {
    const home = await temporaryDirectory();
    const keyring = createKeyring();
    const surroundings = surroundingsIn(home, { openKeyringEntry: keyring.open });
    const all = await Promise.all(
      Array.from({ length: 8 }, async () => openFileStorage({ keyring: true }, surroundings).ownKeys?.()),
    );
    for (const keys of all) expect(keys).toEqual(all[0]);
    expect(keyring.writes).toHaveLength(1);
  });

  it("rejects when the native package is missing, and makes no key file instead", async () => {
    const home = await temporaryDirectory();
    const missing = () =>
      Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
    const storage = openFileStorage({ keyring: true }, surroundingsIn(home, { openKeyringEntry: missing }));
    await expect(storage.ownKeys?.()).rejects.toEqual(unusable);
    expect(await readdir(home)).toEqual([]);
  });
});

it("the package for the keyring has what is used of it", async () => {
  const direct: KeyringEntry = new AsyncEntry("my-app", "encryption-key");
  const loaded = await openNativeEntry("my-app", "encryption-key");
  expect(loaded).toBeInstanceOf(AsyncEntry);
  expect([typeof direct.getPassword, typeof direct.setPassword]).toEqual(["function", "function"]);
});

describe("loadKeyringKey()", () => {
  it("gives up on a keyring that does not answer", async () => {
    const silent: KeyringEntry = {
      getPassword: () => new Promise(() => {}),
      setPassword: () => new Promise(() => {}),
    };
    const loading = loadKeyringKey("my-app", { openEntry: async () => silent, tryLease: free, waitMs: 10 });
    await expect(loading).rejects.toEqual(unusable);
  });

  it("keeps others from making a key while its own write may still happen", async () => {
    const slow: KeyringEntry = { getPassword: async () => null, setPassword: () => new Promise(() => {}) };
    let released = 0;
    const tryLease = async () => ({ ...(await free()), release: async () => void (released += 1) });
    await expect(
      loadKeyringKey("my-app", { openEntry: async () => slow, tryLease, waitMs: 10 }),
    ).rejects.toEqual(unusable);
    expect(released).toBe(0);
  });

  it("rejects when the keyring is locked, without what it said", async () => {
    const locked: KeyringEntry = {
      getPassword: () => Promise.reject(new Error("locked, secret was hunter2")),
      setPassword: () => Promise.reject(new Error("locked")),
    };
    const loading = loadKeyringKey("my-app", { openEntry: async () => locked, tryLease: free });
    await expect(loading).rejects.toEqual(unusable);
    await expect(loading).rejects.not.toThrow("hunter2");
  });

  it("takes the key that another process made while it waited for its turn", async () => {
    const keyring = createKeyring();
    const theirs = newKeyRecord();
    const tryLease = () => {
      keyring.secrets.set("my-app/encryption-key", theirs);
      return free();
    };
    expect(await loadKeyringKey("my-app", { openEntry: keyring.open, tryLease })).toMatchObject(
      parseKeyRecord(theirs) ?? {},
    );
    expect(keyring.writes).toEqual([]);
  });

  it("leaves what is not a key where it is", async () => {
    const keyring = createKeyring();
    keyring.secrets.set("my-app/encryption-key", "a password of another program");
    const loading = loadKeyringKey("my-app", { openEntry: keyring.open, tryLease: free });
    await expect(loading).rejects.toEqual(unusable);
    expect(keyring.writes).toEqual([]);
  });
});

describe("a key file that was lost while the records were not", () => {
  it("is named by the error of every record it sealed, with what to do", async () => {
    const [directory, keyDirectory] = [await temporaryDirectory(), join(await temporaryDirectory(), "key")];
    const open = () =>
      createBitbucketAuth({
        clientId: "client",
        clientSecret: "secret",
        storage: createFileStorage({ directory, keyDirectory, logging: false }),
        fetch: () => Promise.reject(new Error("nothing is sent in this test")),
      });
    const first = open();
    await first.saveTokens("alice", {
      accessToken: "access",
      refreshToken: "refresh",
      expiresAt: Date.now() + 7_200_000,
      tokenType: "bearer",
    });
    await first.close();
    await rm(keyDirectory, { recursive: true });
    const second = open();
    await expect(second.getAccessToken("alice")).rejects.toMatchObject({
      message: expect.stringMatching(
        `is not in ${join(keyDirectory, "encryption-key.json")}\\. Restore the one it was in, or sign in again`,
      ),
    });
    await second.close();
  });
});
