import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inspect } from "node:util";
import BetterSqlite3 from "better-sqlite3";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { createConnection, createPool } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createSqlStorage, createTables, sqlSchema, type SqlClient } from "../src/index.ts";
import { betterSqlite, databaseFolder } from "./clients.ts";
import { hasMariadb, startMariadb, type MariadbServer } from "./servers/mariadb-server.ts";
import { hasPostgres, startPostgres, type PostgresServer } from "./servers/postgres-server.ts";

const secret = "s3cr3t-account";
const bytes = new TextEncoder().encode("s3cr3t-bytes");
const ttlMs = 600_000;

/** What each method rejects with. Fails when one of them does not, or quotes what it was given. */
async function failures(client: SqlClient, prefix = "bitbucket_auth"): Promise<unknown[]> {
  const storage = createSqlStorage({ client, prefix, deadlineMs: 1_000, onWarning: () => undefined });
  const results = await Promise.allSettled([
    storage.get(secret),
    storage.compareAndSwap(secret, null, bytes, { version: "s3cr3t-version" }),
    storage.compareAndSwap(secret, "s3cr3t-old", bytes, { version: "s3cr3t-version" }),
    storage.delete(secret),
    storage.tryLease(secret, { owner: "s3cr3t-owner", ttlMs }),
  ]);
  await storage.close();
  for (const result of results) {
    expect(inspect(result, { depth: 9, showHidden: true })).not.toMatch(/s3cr3t|SELECT|INSERT|UPDATE/);
    expect(result).toMatchObject({ status: "rejected", reason: { code: "storage_failed" } });
  }
  return results.map((result) => (result.status === "rejected" ? result.reason : undefined));
}

function allOf(action: string, message: RegExp): unknown[] {
  return Array.from({ length: 5 }, () => ({ action, message: expect.stringMatching(message) }));
}

const given = (options: object): unknown => Reflect.apply(createSqlStorage, undefined, [options]);
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: "invalid_options", message: expect.stringMatching(message) });

describe("createSqlStorage()", () => {
  const client: SqlClient = { dialect: "postgres", execute: async () => ({ rows: [] }) };

  it("refuses options that it does not know, by name", async () => {
    expect(() => given({ client, prefx: "a", deadline: 1 })).toThrow(invalid(/"prefx", "deadline".*prefix/));
    expect(() => Reflect.apply(sqlSchema, undefined, ["mysql", { tablePrefix: "a" }])).toThrow(
      invalid(/"tablePrefix"/),
    );
    const made = Reflect.apply(createTables, undefined, [{ client, deadlineMs: 1 }]);
    await expect(made).rejects.toMatchObject(invalid(/"deadlineMs"/));
    expect(() => given({ client: { ...client, placeHolder: "?" } })).toThrow(invalid(/"placeHolder"/));
  });

  it("takes undefined for every option but the client", () => {
    const undefinedOptions = {
      prefix: undefined,
      deadlineMs: undefined,
      watch: undefined,
      onWarning: undefined,
    };
    expect(() => createSqlStorage({ client, ...undefinedOptions })).not.toThrow();
    expect(sqlSchema("sqlite", { prefix: undefined })).toEqual(sqlSchema("sqlite"));
  });

  it.each([
    undefined,
    null,
    "postgres://localhost/",
    {},
    { query: () => [] },
    { execute: () => [], query: () => [] },
  ])("refuses %j for a client, and names those it knows", (wrong) =>
    expect(() => given({ client: wrong })).toThrow(invalid(/better-sqlite3.*Drizzle.*Kysely/)),
  );

  it.each([undefined, null, 5])("refuses %j for its options", (wrong) => {
    expect(() => Reflect.apply(createSqlStorage, undefined, [wrong])).toThrow(invalid(/must be an object/));
  });

  it.each(["", "A", "a-b", "a b", 'a"', "a;b", "a.b.c", ".a", "a.", "1a", "x".repeat(41), 5, null])(
    "refuses %j for a prefix",
    (prefix) => expect(() => given({ client, prefix })).toThrow(invalid(/`prefix` must be a name/)),
  );

  it.each([
    [{ deadlineMs: 0 }, /`deadlineMs`/],
    [{ deadlineMs: Number.NaN }, /`deadlineMs`/],
    [{ deadlineMs: "2000" }, /`deadlineMs`/],
    [{ onWarning: "loud" }, /`onWarning`/],
    [{ watch: { listen: {} } }, /`watch.listen`/],
    [{ client: { dialect: "oracle", execute: client.execute } }, /client.dialect/],
    [{ client: { dialect: "mysql", execute: 5 } }, /client.execute/],
    [{ client: { ...client, placeholder: ":1" } }, /client.placeholder/],
    [{ client: { ...client, lease: "galaxy" } }, /client.lease/],
    [{ client: { dialect: "mysql", execute: client.execute }, watch: { listen: {} } }, /PostgreSQL only/],
  ])("refuses %o", (options, message) =>
    expect(() => given({ client, ...options })).toThrow(invalid(message)),
  );

  it("says how far its lease reaches", () => {
    const reach = (options: object) => createSqlStorage({ client: { ...client, ...options } }).caps;
    expect(reach({})).toEqual({ lease: "distributed", durable: true, list: true, watch: false });
    expect(reach({ dialect: "mysql" })).toMatchObject({ lease: "distributed" });
    expect(reach({ dialect: "sqlite" })).toMatchObject({ lease: "host", durable: true });
    expect(reach({ lease: "process" })).toMatchObject({ lease: "process", durable: false });
  });

  it("refuses a session of D1, which a replica may answer, and takes the binding", () => {
    const session = { prepare: () => ({ bind: () => ({ raw: async () => [] }) }), batch: () => [] };
    expect(() => given({ client: session })).toThrow(invalid(/replica.*binding/));
    expect(createSqlStorage({ client: { ...session, exec: () => undefined } }).caps.lease).toBe(
      "distributed",
    );
  });

  it("refuses a libsql client on a file, and takes a remote one", () => {
    const libsql = { execute: async () => ({ columns: [], rows: [] }), batch: () => [] };
    expect(() => given({ client: { ...libsql, protocol: "file" } })).toThrow(
      invalid(/loses writes.*better-sqlite3/),
    );
    expect(createSqlStorage({ client: { ...libsql, protocol: "http" } }).caps.lease).toBe("distributed");
  });

  it("says of a generic client that gives no rows, or no count, what is missing", async () => {
    const lame = { dialect: "mysql", execute: async () => undefined };
    expect(await failures(lame as never)).toMatchObject(allOf("fix_config", /\{ rows \}/));
    const uncounted = createSqlStorage({ client: { dialect: "mysql", execute: async () => ({ rows: [] }) } });
    const write = uncounted.compareAndSwap("k", null, bytes, { version: "v" });
    await expect(write).rejects.toMatchObject({
      action: "fix_config",
      message: expect.stringContaining("`affected`"),
    });
  });

  it("rejects after it was closed", async () => {
    const storage = createSqlStorage({ client });
    await storage.close();
    await expect(storage.get("k")).rejects.toMatchObject({
      action: "fix_config",
      message: expect.stringContaining("closed"),
    });
  });
});

describe("a SQLite database that cannot be used", () => {
  let place: Awaited<ReturnType<typeof databaseFolder>>;
  beforeAll(async () => {
    place = await databaseFolder();
  });
  afterAll(() => place.remove());

  it.each([
    ["better-sqlite3", (file: string) => new BetterSqlite3(file)],
    ["node:sqlite", (file: string) => new DatabaseSync(file)],
  ])("is told what to do, over %s", async (name, open) => {
    const client = open(join(place.folder, name.replace(":", "-")));
    expect(await failures(client)).toMatchObject(allOf("fix_config", /createTables\(\)/));
    await createTables({ client });
    const storage = createSqlStorage({ client, onWarning: () => undefined });
    client.exec("BEGIN");
    expect(() => createSqlStorage({ client })).toThrow(invalid(/transaction/));
    const write = storage.compareAndSwap("k", null, bytes, { version: "v" });
    await expect(write).rejects.toMatchObject({
      action: "fix_config",
      message: expect.stringContaining("transaction"),
    });
    client.exec("ROLLBACK");
    expect(await storage.get("k")).toBeNull();
    client.close();
    await expect(storage.get("k")).rejects.toMatchObject({
      action: "fix_config",
      message: expect.stringContaining("closed"),
    });
    expect(() => createSqlStorage({ client })).toThrow(invalid(/not open/));
  });

  it("reaches its own process in memory, and its host in a file", () => {
    const inMemory = new BetterSqlite3(":memory:");
    expect(createSqlStorage({ client: inMemory }).caps).toMatchObject({ lease: "process", durable: false });
    const file = new DatabaseSync(join(place.folder, "reach"));
    expect(createSqlStorage({ client: file }).caps).toMatchObject({ lease: "host", durable: true });
  });

  it("says that it is read-only", async () => {
    const file = join(place.folder, "read-only");
    const owner = betterSqlite(file);
    await createTables({ client: owner.client });
    const storage = createSqlStorage({ client: new BetterSqlite3(file, { readonly: true }) });
    const write = storage.compareAndSwap("k", null, bytes, { version: "v" });
    await expect(write).rejects.toMatchObject({
      action: "fix_config",
      message: expect.stringContaining("READONLY"),
    });
    expect(await storage.get("k")).toBeNull();
  });

  it("says that the disk is full, keeps what it had, and goes on when there is room", async () => {
    const client = new BetterSqlite3(join(place.folder, "full"));
    await createTables({ client });
    const storage = createSqlStorage({ client, deadlineMs: 500 });
    await storage.compareAndSwap("k", null, bytes, { version: "v1" });
    const large = new Uint8Array(200_000);
    client.pragma("max_page_count = 20");
    const write = storage.compareAndSwap("k", "v1", large, { version: "v2" });
    await expect(write).rejects.toMatchObject({
      action: "fix_config",
      message: expect.stringMatching(/SQLITE_FULL.*Make room/),
    });
    expect(await storage.get("k")).toEqual({ bytes, version: "v1" });
    client.pragma("max_page_count = 1000000");
    expect(await storage.compareAndSwap("k", "v1", large, { version: "v2" })).toEqual({ ok: true });
  });

  it("warns once of a setting that may lose tokens, and of one that starves callers", async () => {
    const client = new DatabaseSync(join(place.folder, "warned"), { timeout: 0 });
    client.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    await createTables({ client });
    const warnings: string[] = [];
    const storage = createSqlStorage({
      client,
      onWarning: ({ code, message }) => warnings.push(`${code}: ${message}`),
    });
    await storage.compareAndSwap("k", null, bytes, { version: "v1" });
    await storage.compareAndSwap("k", "v1", bytes, { version: "v2" });
    expect(warnings).toEqual([
      expect.stringMatching(/^not_durable: .*PRAGMA synchronous = FULL/),
      expect.stringMatching(/^no_busy_timeout: .*PRAGMA busy_timeout = 500/),
    ]);
    const throwing = createSqlStorage({
      client,
      onWarning: () => {
        throw new Error("a listener");
      },
    });
    expect(await throwing.compareAndSwap("k", "v2", bytes, { version: "v3" })).toEqual({ ok: true });
  });

  it("warns of nothing when it is set up well, or in memory", async () => {
    const warnings: unknown[] = [];
    const good = betterSqlite(join(place.folder, "good")).client;
    for (const client of [good, new DatabaseSync(":memory:")]) {
      await createTables({ client });
      const storage = createSqlStorage({ client, onWarning: (warning) => warnings.push(warning) });
      await storage.compareAndSwap("k", null, bytes, { version: "v1" });
    }
    expect(warnings).toEqual([]);
  });
});

describe.skipIf(!hasPostgres)("a PostgreSQL that cannot be used", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await createTables({ client });
    await client.query("CREATE ROLE guest LOGIN");
    await client.end();
  });
  afterAll(() => server.stop());

  it("is told that its tables are missing", async () => {
    const client = new Pool({ connectionString: server.url });
    expect(await failures(client, "missing")).toMatchObject(allOf("fix_config", /42P01.*createTables\(\)/));
    await client.end();
    expect(await failures(client)).toMatchObject(allOf("fix_config", /closed/));
    const sql = postgres(server.url, { fetch_types: false });
    expect(await failures(sql, "missing")).toMatchObject(allOf("fix_config", /42P01/));
    await sql.end();
    expect(await failures(sql)).toMatchObject(allOf("fix_config", /CONNECTION_ENDED.*closed/));
  });

  it("is told of missing rights, for the tables and to make them", async () => {
    const client = new Pool({ connectionString: server.url, user: "guest" });
    const guest = new Pool({ connectionString: server.url.replace("postgres@", "guest@") });
    onTestFinished(() => Promise.all([client.end(), guest.end()]).then(() => undefined));
    expect(await failures(guest)).toMatchObject(allOf("fix_config", /42501.*grants/));
    await expect(createTables({ client: guest, prefix: "own" })).rejects.toMatchObject({
      action: "fix_config",
    });
    const stranger = new Pool({ connectionString: server.url.replace("postgres@", "unknown@") });
    onTestFinished(() => stranger.end());
    expect(await failures(stranger)).toMatchObject(allOf("fix_config", /28\w+.*Check user/));
  });

  it("is told of a read-only replica", async () => {
    const client = new Pool({ connectionString: server.url, options: "-c default_transaction_read_only=on" });
    onTestFinished(() => client.end());
    const storage = createSqlStorage({ client });
    const write = storage.compareAndSwap("k", null, bytes, { version: "v" });
    await expect(write).rejects.toMatchObject({
      action: "retry",
      message: expect.stringMatching(/25006.*primary/),
    });
  });

  it("is told of a client inside a transaction, before and after its BEGIN was sent", async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query("BEGIN");
    expect(await failures(client)).toMatchObject(allOf("fix_config", /inside a transaction/));
    await client.query("ROLLBACK");
    const storage = createSqlStorage({ client });
    const begun = client.query("BEGIN");
    await expect(storage.delete("k")).rejects.toMatchObject({
      message: expect.stringContaining("transaction"),
    });
    await begun;
    await client.query("ROLLBACK");
    expect(await storage.get("k")).toBeNull();
  });

  it("is told of a transaction and a reserved connection of postgres.js", async () => {
    const sql = postgres(server.url, { fetch_types: false });
    onTestFinished(() => sql.end());
    await sql.begin(async (inside) => {
      expect(() => given({ client: inside })).toThrow(invalid(/transaction/));
    });
    const reserved = await sql.reserve();
    expect(() => given({ client: reserved })).toThrow(invalid(/reserved/));
    reserved.release();
  });

  it("is told of a client that was never connected, and of one that was ended", async () => {
    const client = new Client({ connectionString: server.url });
    expect(await failures(client)).toMatchObject(allOf("fix_config", /connect\(\)/));
    const ended = new Client({ connectionString: server.url });
    await ended.connect();
    await ended.end();
    expect(await failures(ended)).toMatchObject(allOf("fix_config", /closed/));
  });

  it("is told of a single client whose connection was lost", async () => {
    const client = new Client({ connectionString: server.url });
    client.on("error", () => undefined);
    await client.connect();
    const pool = new Pool({ connectionString: server.url });
    onTestFinished(() => pool.end());
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    await pool.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
    await new Promise((resolve) => void client.once("end", resolve));
    expect(await failures(client)).toMatchObject(allOf("fix_config", /Pass a pool/));
  });
});

describe.skipIf(!hasMariadb)("a MariaDB that cannot be used", () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
    const client = await createConnection(server.connection);
    await createTables({ client });
    await client.query("CREATE USER guest");
    await client.query("CREATE DATABASE tokens");
    await client.end();
  });
  afterAll(() => server.stop());

  it("is told that its tables are missing, and that its client was closed", async () => {
    const pool = createPool(server.connection);
    expect(await failures(pool, "missing")).toMatchObject(allOf("fix_config", /1146.*createTables\(\)/));
    await pool.end();
    expect(await failures(pool)).toMatchObject(allOf("fix_config", /closed/));
    const single = await createConnection(server.connection);
    await single.end();
    expect(await failures(single)).toMatchObject(allOf("fix_config", /Pass a pool/));
  });

  it("is told of missing rights", async () => {
    const client = createPool({ ...server.connection, user: "guest", database: "tokens" });
    onTestFinished(() => client.end());
    expect(await failures(client)).toMatchObject(allOf("fix_config", /10\d\d|11\d\d/));
  });

  it("is told of a connection inside a transaction, and of one without autocommit", async () => {
    const client = await createConnection(server.connection);
    onTestFinished(() => client.end());
    const storage = createSqlStorage({ client });
    const inside = { action: "fix_config", message: expect.stringContaining("transaction") };
    await client.beginTransaction();
    await expect(storage.delete("k")).rejects.toMatchObject(inside);
    await client.rollback();
    await client.query("SET autocommit = 0");
    await expect(storage.tryLease("k", { owner: "alice", ttlMs })).rejects.toMatchObject(inside);
    await client.query("ROLLBACK");
    await client.query("SET autocommit = 1");
    expect(await storage.delete("k")).toBe(false);
  });
});
