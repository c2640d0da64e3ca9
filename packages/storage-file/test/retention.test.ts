import { access, readdir, readFile, truncate, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { TokenStorage } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { createFileStorage } from "../src/file-storage.ts";
import { entryDirectoryName } from "../src/paths.ts";
import { bytes, temporaryDirectory } from "./harness.ts";

const longMs = 600_000;

async function openStorage(): Promise<{ readonly storage: TokenStorage; readonly directory: string }> {
  const directory = await temporaryDirectory();
  return { storage: createFileStorage({ directory, logging: false }), directory };
}

/** Writes upon whatever is there. */
async function write(storage: TokenStorage, key: string, expected: string | null, version: string) {
  const result = await storage.compareAndSwap(key, expected, bytes(version), { version });
  expect(result).toEqual({ ok: true });
}

describe("a repeated delete", () => {
  it("answers as it did: true for a live entry, false for none and for a tombstone", async () => {
    const { storage } = await openStorage();
    await write(storage, "live", null, "v1");
    for (const version of ["first", "first"]) expect(await storage.delete("live", { version })).toBe(true);
    for (const version of ["second", "second"]) expect(await storage.delete("live", { version })).toBe(false);
    for (const version of ["third", "third"]) expect(await storage.delete("none", { version })).toBe(false);
    expect(await storage.delete("live", { version: "first" })).toBe(true);
  });

  it("never deletes what was written since, however much that is", async () => {
    const { storage } = await openStorage();
    await write(storage, "k", null, "v0");
    await storage.delete("k", { version: "gone" });
    await write(storage, "k", "gone", "v1");
    for (let nth = 2; nth <= 90; nth += 1) await write(storage, "k", `v${nth - 1}`, `v${nth}`);
    expect(await storage.delete("k", { version: "gone" })).toBe(true);
    expect((await storage.get("k"))?.version).toBe("v90");
  });

  it("is told from a write of the same version", async () => {
    const { storage } = await openStorage();
    await write(storage, "k", null, "v1");
    expect(await storage.delete("k", { version: "v1" })).toBe(true);
    expect(await storage.get("k")).toBeNull();
    expect(await storage.compareAndSwap("k", null, bytes("two"), { version: "v1" })).toEqual({
      ok: false,
      current: "v1",
      deleted: true,
    });
  });
});

describe("after a delete", () => {
  it("nothing of the record is left on disk but the tombstone", async () => {
    const { storage, directory } = await openStorage();
    await write(storage, "k", null, "v1");
    await write(storage, "k", "v1", "v2");
    await storage.delete("k", { version: "gone" });
    const entry = join(directory, "tokens", entryDirectoryName("k"));
    expect(await readdir(entry)).toEqual(["3.json"]);
    expect(JSON.parse(await readFile(join(entry, "3.json"), "utf8"))).toMatchObject({
      state: "deleted",
      bytes: "",
    });
  });

  it("a damaged tombstone does not bring the record back", async () => {
    const { storage, directory } = await openStorage();
    await write(storage, "k", null, "v1");
    await storage.delete("k");
    await truncate(join(directory, "tokens", entryDirectoryName("k"), "2.json"), 10);
    await expect(storage.get("k")).rejects.toMatchObject({ action: "reauthorize" });
  });

  it("the tombstone's version is what a write replaces", async () => {
    const { storage } = await openStorage();
    await write(storage, "k", null, "v1");
    await storage.delete("k", { version: "gone" });
    await write(storage, "k", "gone", "v2");
    expect((await storage.get("k"))?.version).toBe("v2");
  });
});

describe("keys, versions and owners", () => {
  const alike = ["k", "k ", " k", "K", "k\t", "ｋ", "e\u0301", "\u00e9"];

  it("that look alike are kept apart", async () => {
    const { storage } = await openStorage();
    for (const key of alike) await write(storage, key, null, key);
    for (const key of alike) expect(await storage.get(key)).toEqual({ bytes: bytes(key), version: key });
    expect((await Array.fromAsync(storage.list?.("") ?? [])).toSorted()).toEqual(alike.toSorted());
    expect(await storage.compareAndSwap("k", "K", bytes("x"), { version: "x" })).toMatchObject({ ok: false });
    expect(await storage.compareAndSwap("k", "k ", bytes("x"), { version: "x" })).toMatchObject({
      ok: false,
    });
  });

  it("as owners of a lease are different owners", async () => {
    const { storage } = await openStorage();
    expect(await storage.tryLease("k", { owner: "alice", ttlMs: longMs })).not.toBeNull();
    for (const owner of ["alice ", "Alice", ""]) {
      expect(await storage.tryLease("k", { owner, ttlMs: longMs })).toBeNull();
    }
  });

  it("of 1,024 bytes are taken whole", async () => {
    const { storage } = await openStorage();
    const long = (last: string): string => "é".repeat(511) + last.repeat(2);
    for (const last of ["a", "b"]) await write(storage, long(last), null, long(last));
    for (const last of ["a", "b"]) expect((await storage.get(long(last)))?.version).toBe(long(last));
    expect(await storage.tryLease(long("a"), { owner: long("a"), ttlMs: longMs })).not.toBeNull();
    expect(await storage.tryLease(long("a"), { owner: long("b"), ttlMs: longMs })).toBeNull();
  });

  it.each(["k\0", "k\ud800"])(
    "with NUL or a lone surrogate are refused and leave nothing behind: %j",
    async (odd) => {
      const { storage, directory } = await openStorage();
      const refused = { code: "storage_failed", action: "fix_config" };
      await expect(storage.get(odd)).rejects.toMatchObject(refused);
      await expect(storage.delete(odd)).rejects.toMatchObject(refused);
      await expect(write(storage, odd, null, "v1")).rejects.toMatchObject(refused);
      await expect(write(storage, "k", null, odd)).rejects.toMatchObject(refused);
      await expect(storage.delete("k", { version: odd })).rejects.toMatchObject(refused);
      await expect(storage.tryLease("k", { owner: odd, ttlMs: longMs })).rejects.toMatchObject(refused);
      expect(await readdir(directory)).toEqual([]);
    },
  );
});

it("list() names each of 300 entries once, and no tombstone", { timeout: 120_000 }, async () => {
  const { storage } = await openStorage();
  const keys = Array.from({ length: 300 }, (_, nth) => `k${nth}`);
  for (const key of keys) await write(storage, key, null, "v1");
  await storage.delete("k7");
  const listed = await Array.fromAsync(storage.list?.("k") ?? []);
  expect(listed.toSorted()).toEqual(keys.filter((key) => key !== "k7").toSorted());
});

describe("a lease", () => {
  it("of 1 ms is granted, and its renewal after the lapse is refused", async () => {
    const { storage, directory } = await openStorage();
    const lease = await storage.tryLease("k", { owner: "alice", ttlMs: 1 });
    expect(lease?.fence).toBe(1);
    await utimes(join(directory, "tokens", entryDirectoryName("k"), "1.lease"), 1, 1);
    expect(await lease?.renew(longMs)).toBe(false);
    expect(await storage.tryLease("k", { owner: "bob", ttlMs: longMs })).not.toBeNull();
  });

  it("leaves one file, however often its owner changed", async () => {
    const { storage, directory } = await openStorage();
    for (let nth = 0; nth < 5; nth += 1) {
      await (await storage.tryLease("k", { owner: `owner-${nth}`, ttlMs: longMs }))?.release();
    }
    expect(await readdir(join(directory, "tokens", entryDirectoryName("k")))).toEqual(["5.lease"]);
    await expect(access(join(directory, ".drafts"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
