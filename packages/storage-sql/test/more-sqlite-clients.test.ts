import Database from "better-sqlite3";
import { afterAll, describe, expect, it, vi } from "vitest";
import { createSqlStorage, createTables, type SqlClient, type SqlValue } from "../src/index.ts";
import { d1, type OwnedClient } from "./clients.ts";

const bytes = Uint8Array.from({ length: 256 }, (_, index) => 255 - index);
const ttlMs = 600_000;

/** What one client makes of every call of the contract. The whole contract over D1 is in the long suite. */
async function everyCall(client: SqlClient): Promise<unknown> {
  await createTables({ client });
  const storage = createSqlStorage({ client, deadlineMs: 30_000, onWarning: () => undefined });
  const written = await storage.compareAndSwap("k", null, bytes, { version: "v1" });
  const conflict = await storage.compareAndSwap("k", null, bytes, { version: "v2" });
  const read = await storage.get("k");
  const lease = await storage.tryLease("k", { owner: "alice", ttlMs });
  const refused = await storage.tryLease("k", { owner: "bob", ttlMs });
  const renewed = await lease?.renew(ttlMs);
  await lease?.release();
  const listed: string[] = [];
  for await (const key of storage.list?.("k") ?? []) listed.push(key);
  const deleted = await storage.delete("k", { version: "gone" });
  const buried = await storage.compareAndSwap("k", "v1", bytes, { version: "v3" });
  await storage.close();
  return { written, conflict, read, refused, renewed, listed, deleted, buried };
}

const expected = {
  written: { ok: true },
  conflict: { ok: false, current: "v1" },
  read: { bytes, version: "v1" },
  refused: null,
  renewed: true,
  listed: ["k"],
  deleted: true,
  buried: { ok: false, current: "gone", deleted: true },
};

/** A remote libsql as its client is known to answer: rows by number, bytes as an `ArrayBuffer`. */
function libsql(): SqlClient {
  const database = new Database(":memory:");
  return {
    protocol: "http",
    batch: () => undefined,
    async execute({ sql, args }: { sql: string; args: SqlValue[] }) {
      const statement = database.prepare<SqlValue[], unknown[]>(sql);
      if (!statement.reader) {
        statement.run(...args);
        return { columns: [], rows: [] };
      }
      const rows = statement.raw().all(...args);
      const plain = (value: unknown): unknown =>
        value instanceof Uint8Array ? new Uint8Array(value).buffer : value;
      return {
        columns: statement.columns().map(({ name }) => name),
        rows: rows.map((row) => Object.assign({ length: row.length }, row.map(plain))),
      };
    },
  };
}

/** bun:sqlite as it is known to answer: `values()` besides `all()`. */
function bunSqlite(): SqlClient {
  const database = new Database(":memory:");
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare<SqlValue[], unknown[]>(sql);
      const values = (...given: SqlValue[]): unknown[] => {
        if (statement.reader) return statement.raw().all(...given);
        statement.run(...given);
        return [];
      };
      return Object.assign({ all: (): unknown[] => [] }, { values });
    },
  };
}

describe("every call", () => {
  let owned: OwnedClient | undefined;
  afterAll(() => owned?.end());

  it("works over D1, in its emulator", async () => {
    owned = await d1();
    expect(await everyCall(owned.client)).toEqual(expected);
  });

  it("works over what libsql answers", async () => expect(await everyCall(libsql())).toEqual(expected));

  it("works over what bun:sqlite answers", async () =>
    expect(await everyCall(bunSqlite())).toEqual(expected));
});

it("warns the process of a risky setting when no listener is given", async () => {
  const emitted = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const client = new Database("", { timeout: 500 });
  const pretended = Object.assign(Object.create(client), {
    prepare: (sql: string) =>
      client.prepare(sql.includes("database_list") ? "SELECT '/a/file' AS file" : sql),
    exec: (sql: string) => client.exec(sql),
  }) as SqlClient;
  await createTables({ client: pretended });
  client.pragma("synchronous = NORMAL");
  await createSqlStorage({ client: pretended }).compareAndSwap("k", null, bytes, { version: "v" });
  expect(emitted.mock.calls).toEqual([
    [expect.stringContaining("synchronous"), { type: "BitbucketAuthWarning", code: "not_durable" }],
  ]);
  emitted.mockRestore();
});
