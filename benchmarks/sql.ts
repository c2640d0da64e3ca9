/**
 * What the storage on SQL costs: each call, a refresh and the swaps in a second, against a bare `SELECT 1` over the same client.
 *
 * Servers that it starts itself, one process, one run. Durable settings, as in production. Writes a table; what is not installed is left out.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSqlStorage, createTables, type SqlClient } from "@bitbucket-auth/storage-sql";
import type { TokenStorage } from "@bitbucket-auth/core";
import Database from "better-sqlite3";
import { Miniflare } from "miniflare";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import postgres from "postgres";
import { hasMariadb, startMariadb } from "@bitbucket-auth/database-servers/mariadb";
import { hasPgBouncer, startPgBouncer } from "@bitbucket-auth/database-servers/pgbouncer";
import { hasPostgres, startPostgres } from "@bitbucket-auth/database-servers/postgres";
import { toMarkdown } from "./results/markdown-table.ts";

/** As long as a sealed pair of Bitbucket's tokens. */
const record = new Uint8Array(randomBytes(7_400));
/** No measure takes longer. */
const budgetMs = 2_000;
const ttlMs = 600_000;

interface Candidate {
  readonly name: string;
  readonly client: SqlClient;
  /** A bare round trip over the same client. */
  readonly bare: () => unknown;
}

const table: string[][] = [];
const cleanUps: (() => unknown)[] = [];
try {
  for (const candidate of await candidates()) table.push(await measureAll(candidate));
} finally {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
}
console.log(
  toMarkdown({
    title: "What the storage on SQL costs",
    method: `Node ${process.version}, ${availableParallelism()} cores. Entries of 7.4 kB, durable settings, one process.`,
    columns: [
      "p50 in ms, and times SELECT 1",
      "SELECT 1",
      "get",
      "compare-and-swap",
      "lease + release",
      "refresh (5 calls)",
      "swaps a second, 16 at once",
    ],
    rows: table,
    reading:
      "Reads cost a round trip; writes cost what the disk takes to say that it has them. Run it on the machine that counts.",
  }),
);

async function candidates(): Promise<Candidate[]> {
  const found: Candidate[] = [];
  if (hasPostgres) {
    const server = await startPostgres([]);
    cleanUps.push(() => server.stop());
    const pool = (url: string) => {
      const client = new Pool({ connectionString: url, max: 16 });
      cleanUps.push(() => client.end());
      return { client, bare: () => client.query("SELECT 1") };
    };
    found.push({ name: "pg", ...pool(server.url) });
    if (hasPgBouncer) {
      const bouncer = await startPgBouncer(server);
      cleanUps.push(() => bouncer.stop());
      found.push({ name: "pg over PgBouncer", ...pool(bouncer.url) });
    }
    const sql = postgres(server.url, { max: 16, fetch_types: false, onnotice: () => undefined });
    cleanUps.push(() => sql.end());
    found.push({ name: "postgres.js", client: sql, bare: () => sql.unsafe("SELECT 1") });
  }
  if (hasMariadb) {
    const server = await startMariadb(["--innodb-flush-log-at-trx-commit=1"]);
    cleanUps.push(() => server.stop());
    const client = createPool({ ...server.connection, connectionLimit: 16 });
    cleanUps.push(() => client.end());
    found.push({ name: "mysql2 on MariaDB", client, bare: () => client.query("SELECT 1") });
  }
  const folder = await mkdtemp(join(tmpdir(), "bitbucket-auth-benchmark-"));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  for (const level of ["NORMAL", "FULL"]) {
    const client = new Database(join(folder, level), { timeout: 500 });
    client.pragma("journal_mode = WAL");
    client.pragma(`synchronous = ${level}`);
    const one = client.prepare("SELECT 1");
    found.push({ name: `better-sqlite3, ${level}`, client, bare: () => one.all() });
  }
  const client = new DatabaseSync(join(folder, "node"), { timeout: 500 });
  client.exec("PRAGMA journal_mode = WAL");
  const one = client.prepare("SELECT 1");
  found.push({ name: "node:sqlite, FULL", client, bare: () => one.all() });
  const worker = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() }",
    d1Databases: { DB: "benchmark" },
  });
  cleanUps.push(() => worker.dispose());
  const db = await worker.getD1Database("DB");
  found.push({ name: "D1, emulated", client: db, bare: () => db.prepare("SELECT 1").raw() });
  return found;
}

async function measureAll({ name, client, bare }: Candidate): Promise<string[]> {
  const prefix = name.toLowerCase().replaceAll(/\W/g, "_");
  await createTables({ client, prefix });
  const storage = createSqlStorage({ client, prefix, deadlineMs: 30_000, onWarning: () => undefined });
  await storage.compareAndSwap("get", null, record, { version: "v" });
  const single = await median(async () => void (await bare()));
  const times = [
    await median(async () => void (await storage.get("get"))),
    await median(swapping(storage, "swap")),
    await median(async () => {
      const lease = await storage.tryLease("lease", { owner: crypto.randomUUID(), ttlMs });
      await lease?.release();
    }),
    await median(refreshing(storage)),
  ];
  const swaps = await perSecond(storage);
  await storage.close();
  return [
    name,
    single.toFixed(3),
    ...times.map((time) => `${time.toFixed(3)} ×${(time / single).toFixed(1)}`),
    Math.round(swaps).toLocaleString("en"),
  ];
}

/** Replaces one entry again and again. */
function swapping(storage: TokenStorage, key: string): () => Promise<void> {
  let version: string | null = null;
  return async () => {
    const next = crypto.randomUUID();
    const result = await storage.compareAndSwap(key, version, record, { version: next });
    if (!result.ok) throw new Error("A swap met another.");
    version = next;
  };
}

/** The five calls that core makes of a storage when it refreshes. */
function refreshing(storage: TokenStorage): () => Promise<void> {
  const swap = swapping(storage, "refresh");
  return async () => {
    await storage.get("refresh");
    const lease = await storage.tryLease("refresh", { owner: crypto.randomUUID(), ttlMs });
    await swap();
    await swap();
    await lease?.release();
  };
}

/** The median time of a call, one after another, in milliseconds. */
async function median(call: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  const times: number[] = [];
  while (performance.now() - startedAt < budgetMs && times.length < 20_000) {
    const begunAt = performance.now();
    await call();
    times.push(performance.now() - begunAt);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** Swaps of 16 entries at once. */
async function perSecond(storage: TokenStorage): Promise<number> {
  const startedAt = performance.now();
  const counts = await Promise.all(
    Array.from({ length: 16 }, async (_, nth) => {
      const swap = swapping(storage, `many-${nth}`);
      let count = 0;
      for (; performance.now() - startedAt < budgetMs; count += 1) await swap();
      return count;
    }),
  );
  return (counts.reduce((sum, count) => sum + count, 0) * 1_000) / (performance.now() - startedAt);
}
