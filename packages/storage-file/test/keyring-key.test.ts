import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { newKeyRecord, parseKeyRecord } from "../src/key-record.ts";
import type { KeyringEntry } from "../src/keyring-key.ts";
import { loadKeyringKey } from "../src/keyring-key.ts";
import { openFileStorage } from "../src/open-file-storage.ts";
import { surroundingsIn } from "./surroundings.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

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

  it("agrees on one key with everybody who starts together", async () => {
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

  it("takes the key that somebody made while it waited for its turn", async () => {
    const keyring = createKeyring();
    const theirs = newKeyRecord();
    const tryLease = () => {
      keyring.secrets.set("my-app/encryption-key", theirs);
      return free();
    };
    expect(await loadKeyringKey("my-app", { openEntry: keyring.open, tryLease })).toEqual(
      parseKeyRecord(theirs),
    );
    expect(keyring.writes).toEqual([]);
  });

  it("leaves what is not a key where it is", async () => {
    const keyring = createKeyring();
    keyring.secrets.set("my-app/encryption-key", "somebody's password");
    const loading = loadKeyringKey("my-app", { openEntry: keyring.open, tryLease: free });
    await expect(loading).rejects.toEqual(unusable);
    expect(keyring.writes).toEqual([]);
  });
});
