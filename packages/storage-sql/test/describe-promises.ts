import type { TokenStorage } from "@bitbucket-auth/core";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createSqlStorage, createTables } from "../src/index.ts";
import { describeBackends, type ClientChoice } from "./backends.ts";
import type { OwnedClient } from "./clients.ts";
import { connectionOf } from "../src/clients/sql-client.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const patient = { deadlineMs: 30_000 };
const ttlMs = 600_000;

async function keysOf(storage: TokenStorage, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of storage.list?.(prefix) ?? []) keys.push(key);
  return keys;
}

/**
 * Registers what is particular to databases: texts that a collation would merge, pages, what is remembered and for how long.
 */
export function describePromises(choice: ClientChoice): void {
  describeBackends("a SQL storage", choice, ({ name, connect }) => {
    let owned: OwnedClient;
    let prefixes = 0;
    let prefix = "";
    beforeAll(async () => {
      owned = await connect();
    });
    async function open(): Promise<TokenStorage> {
      prefixes += 1;
      prefix = `${name.replaceAll(/\W/g, "").toLowerCase()}_${prefixes}`;
      await createTables({ client: owned.client, prefix });
      return reopen();
    }
    const reopen = (): TokenStorage => createSqlStorage({ client: owned.client, prefix, ...patient });
    /** Changes rows behind the storage's back, as time would. */
    async function tell(sql: string): Promise<readonly (readonly unknown[])[]> {
      const { signal } = new AbortController();
      const { rows } = await connectionOf(owned.client).run(sql, [], { timeoutMs: 30_000, signal });
      return rows;
    }

    it("answers a repeated deletion as the first time, and leaves what was written since", async () => {
      const storage = await open();
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      expect(await storage.delete("k", { version: "gone" })).toBe(true);
      await storage.compareAndSwap("k", "gone", bytes("two"), { version: "v2" });
      expect(await storage.delete("k", { version: "gone" })).toBe(true);
      expect(await storage.get("k")).toEqual({ bytes: bytes("two"), version: "v2" });
      expect(await storage.delete("nothing", { version: "gone" })).toBe(false);
      expect(await storage.delete("nothing", { version: "gone" })).toBe(false);
    });

    it("brings no entry back under the version of its tombstone", async () => {
      const storage = await open();
      await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
      await storage.delete("k", { version: "gone" });
      const refused = { ok: false, current: "gone", deleted: true };
      expect(await storage.compareAndSwap("k", null, bytes("late"), { version: "gone" })).toEqual(refused);
      expect(await storage.compareAndSwap("k", "v1", bytes("late"), { version: "gone" })).toEqual(refused);
      expect(await storage.get("k")).toBeNull();
    });

    it("keeps texts apart that differ in case, a trailing space or an accent", async () => {
      const storage = await open();
      const texts = [
        "k",
        "K",
        "k ",
        "k\t",
        "é",
        "e",
        "e\u0301",
        "🔑",
        "🔒",
        "ß",
        "ss",
        "'",
        '"',
        "\\",
        "?",
        ":id",
        "$1",
      ];
      for (const text of texts) await storage.compareAndSwap(text, null, bytes(text), { version: text });
      for (const text of texts)
        expect(await storage.get(text)).toEqual({ bytes: bytes(text), version: text });
      expect((await keysOf(storage, "")).toSorted()).toEqual(texts.toSorted());
      for (const text of texts) {
        const lease = await storage.tryLease("one", { owner: text, ttlMs });
        const others = texts.filter((other) => other !== text).slice(0, 4);
        for (const owner of others) expect(await storage.tryLease("one", { owner, ttlMs })).toBeNull();
        await lease?.release();
      }
      const swapped = await storage.compareAndSwap("k", "k ", bytes("late"), { version: "v2" });
      expect(swapped).toEqual({ ok: false, current: "k" });
    });

    it("does not renew a lease that lapsed, though nothing else took it", async () => {
      const storage = await open();
      const lease = await storage.tryLease("k", { owner: "alice", ttlMs: 1 });
      await tell(`UPDATE ${prefix}_lease SET lapses_at = 1`);
      expect(await lease?.renew(ttlMs)).toBe(false);
      expect(await storage.tryLease("k", { owner: "bob", ttlMs })).not.toBeNull();
    });

    it("grants a lease of 1 ms or less", async () => {
      const storage = await open();
      for (const [index, ms] of [1, 0.2, 0, -5].entries())
        expect(await storage.tryLease(`k${index}`, { owner: "alice", ttlMs: ms })).not.toBeNull();
    });

    it("lets a fence grow past a lease that was removed", async () => {
      const storage = await open();
      const first = await storage.tryLease("k", { owner: "alice", ttlMs });
      await tell(`DELETE FROM ${prefix}_lease`);
      // Note: SQLite's clock counts milliseconds. What removes a lease leaves it there for a day.
      const removedAt = Date.now();
      await vi.waitUntil(() => Date.now() > removedAt + 1, { timeout: 30_000 });
      const second = await storage.tryLease("k", { owner: "bob", ttlMs });
      expect(second?.fence).toBeGreaterThan(first?.fence ?? Number.POSITIVE_INFINITY);
      expect(await first?.renew(ttlMs)).toBe(false);
    });

    it("keeps the longest key, version and owner it takes", async () => {
      const storage = await open();
      const [key, version] = ["é".repeat(512), "ü".repeat(127)];
      await storage.compareAndSwap(key, null, bytes("one"), { version });
      await storage.compareAndSwap(`${key.slice(1)}xx`, null, bytes("other"), { version });
      expect(await storage.get(key)).toEqual({ bytes: bytes("one"), version });
      expect(await storage.tryLease(key, { owner: version, ttlMs })).not.toBeNull();
      expect(await keysOf(storage, "é")).toHaveLength(2);
    });

    it("refuses texts that a database could not keep, and does not quote them", async () => {
      const storage = await open();
      for (const text of ["secret\0", "secret\uD800", "x".repeat(1_025), "é".repeat(513)]) {
        const refused = {
          code: "storage_failed",
          action: "fix_config",
          message: expect.not.stringContaining("secret"),
        };
        await expect(storage.get(text)).rejects.toMatchObject(refused);
        await expect(storage.compareAndSwap("k", null, bytes(""), { version: text })).rejects.toMatchObject(
          refused,
        );
        await expect(storage.compareAndSwap("k", text, bytes(""), { version: "v" })).rejects.toMatchObject(
          refused,
        );
        await expect(storage.delete(text)).rejects.toMatchObject(refused);
        await expect(storage.tryLease("k", { owner: text, ttlMs })).rejects.toMatchObject(refused);
      }
      await expect(keysOf(storage, "\0")).rejects.toMatchObject({ action: "fix_config" });
    });

    it("lists more than a page, each key once, and only what begins with the prefix", async () => {
      const storage = await open();
      const inside = Array.from({ length: 1_001 }, (_, index) => `p/${index}`);
      const outside = ["p", "p.", "p0", "P/1", "q"];
      for (const key of [...inside, ...outside])
        await storage.compareAndSwap(key, null, bytes(""), { version: "v" });
      expect((await keysOf(storage, "p/")).toSorted()).toEqual(inside.toSorted());
      expect(await keysOf(storage, "")).toHaveLength(inside.length + outside.length);
    });

    it("lists what begins with the last characters there are", async () => {
      const storage = await open();
      const keys = ["\uD7FF", "\uD7FFa", "\uE000", "\u{10FFFF}", "\u{10FFFF}\u{10FFFF}a", "a\u{10FFFF}", "b"];
      for (const key of keys) await storage.compareAndSwap(key, null, bytes(""), { version: "v" });
      expect(await keysOf(storage, "\uD7FF")).toEqual(["\uD7FF", "\uD7FFa"]);
      expect(await keysOf(storage, "\u{10FFFF}")).toEqual(["\u{10FFFF}", "\u{10FFFF}\u{10FFFF}a"]);
      expect(await keysOf(storage, "a\u{10FFFF}")).toEqual(["a\u{10FFFF}"]);
    });

    it("holds an entry of a megabyte", async () => {
      const storage = await open();
      const content = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 31) % 256);
      await storage.compareAndSwap("k", null, content, { version: "v1" });
      expect(Buffer.compare((await storage.get("k"))?.bytes ?? bytes(""), content)).toBe(0);
    });

    describe("retention", () => {
      const hourMs = 3_600_000;

      it("removes entries, tombstones and leases whose time is over, and no others", async () => {
        const storage = await open();
        const over = Date.now() - hourMs;
        for (const key of ["past", "coming", "forever"]) {
          const expireAt = { past: over, coming: Date.now() + 48 * hourMs }[key];
          await storage.compareAndSwap(key, null, bytes(""), { version: "v", ...(expireAt && { expireAt }) });
        }
        for (const key of ["fresh grave", "old grave"]) await storage.delete(key, { version: "gone" });
        for (const key of ["held", "lapsed", "forgotten"])
          await storage.tryLease(key, { owner: "alice", ttlMs });
        await storage.close();
        const id = (key: string) => `id = '${key}'`;
        await tell(`UPDATE ${prefix}_entry SET expires_at = ${over} WHERE ${id("old grave")}`);
        await tell(`UPDATE ${prefix}_lease SET lapses_at = ${over - 23.5 * hourMs} WHERE ${id("forgotten")}`);
        await tell(`UPDATE ${prefix}_lease SET lapses_at = ${over - 22 * hourMs} WHERE ${id("lapsed")}`);

        // The first write of a storage sees to it, and closing waits for that.
        const next = reopen();
        await next.compareAndSwap("another", null, bytes(""), { version: "v" });
        await next.close();

        const ids = async (table: string) =>
          (await tell(`SELECT id FROM ${prefix}_${table}`)).map(([each]) => String(each)).toSorted();
        expect(await ids("entry")).toEqual(["another", "coming", "forever", "fresh grave"]);
        expect(await ids("lease")).toEqual(["held", "lapsed"]);
      });

      it("removes more than a page at a time", async () => {
        const storage = await open();
        const expireAt = Date.now() + hourMs;
        for (let index = 0; index < 1_200; index += 1)
          await storage.compareAndSwap(`k${index}`, null, bytes(""), { version: "v", expireAt });
        await storage.close();
        await tell(`UPDATE ${prefix}_entry SET expires_at = 1`);
        const next = reopen();
        await next.compareAndSwap("another", null, bytes(""), { version: "v" });
        const left = async () => (await tell(`SELECT COUNT(*) AS n FROM ${prefix}_entry`)).map(Number);
        await expect.poll(left, { timeout: 60_000 }).toEqual([1]);
        await next.close();
      });

      it("remembers a tombstone for a day by the database's clock", async () => {
        const storage = await open();
        await storage.delete("k", { version: "gone" });
        const [[at] = []] = await tell(`SELECT expires_at FROM ${prefix}_entry`);
        expect(Math.abs(Number(at) - Date.now() - 24 * hourMs)).toBeLessThan(60_000);
      });
    });
  });
}
