import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import BetterSqlite3 from "better-sqlite3";
import { drizzle } from "drizzle-orm/node-postgres";
import knex, { type Knex } from "knex";
import { CompiledQuery, Kysely, MysqlDialect } from "kysely";
import { Miniflare } from "miniflare";
import { createPool as createCallbackPool } from "mysql2";
import { createConnection, createPool } from "mysql2/promise";
import { Client, Pool } from "pg";
import postgres from "postgres";
import type { SqlClient, SqlStorageOptions } from "../src/index.ts";
import type { MariadbServer } from "./servers/mariadb-server.ts";
import type { PostgresServer } from "./servers/postgres-server.ts";

/** A client as a user of the package would make it, and how that user ends it. */
export interface OwnedClient {
  readonly client: SqlClient;
  end(): Promise<unknown>;
}

export type OnPostgres = (
  server: PostgresServer,
) => Promise<OwnedClient & { readonly options?: Partial<SqlStorageOptions> }>;
export type OnMariadb = (server: MariadbServer) => Promise<OwnedClient>;

const max = 5;

export const pgPool: OnPostgres = async ({ url }) => {
  const client = new Pool({ connectionString: url, max });
  client.on("error", () => undefined);
  return { client, end: () => client.end() };
};

/** A pool, and a session of its own that hears of changes. */
export const watchingPool: OnPostgres = async (server) => {
  const [pool, session] = await Promise.all([pgPool(server), pgClient(server)]);
  const end = () => Promise.all([pool.end(), session.end()]);
  return { client: pool.client, options: { watch: { listen: session.client } }, end };
};

export async function pgClient({ url }: PostgresServer): Promise<OwnedClient & { client: Client }> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return { client, end: () => client.end() };
}

export const postgresJs: OnPostgres = async ({ url }) => {
  const client = postgres(url, { max, fetch_types: false, onnotice: () => undefined });
  return { client, end: () => client.end({ timeout: 5 }) };
};

/** Of Drizzle the client beneath is passed. */
export const drizzleOnPg: OnPostgres = async ({ url }) => {
  const db = drizzle({ connection: { connectionString: url, max } });
  return { client: db.$client, end: () => db.$client.end() };
};

/** Knex has placeholders of its own, on PostgreSQL as well. */
export const knexOnPg: OnPostgres = async ({ url }) => {
  const db = knex({ client: "pg", connection: url, pool: { min: 0, max } });
  return {
    client: {
      dialect: "postgres",
      placeholder: "?",
      execute: async (sql, params) => ({
        rows: (await db.raw<{ rows: object[] }>(sql, params as Knex.RawBinding[])).rows,
      }),
    },
    end: () => db.destroy(),
  };
};

export const mysqlPool: OnMariadb = async ({ connection }) => {
  const client = createPool({ ...connection, connectionLimit: max });
  return { client, end: () => client.end() };
};

export const mysqlConnection: OnMariadb = async ({ connection }) => {
  const client = await createConnection(connection);
  return { client, end: () => client.end() };
};

export const mysqlCallbackPool: OnMariadb = async ({ connection }) => {
  const client = createCallbackPool({ ...connection, connectionLimit: max });
  return { client, end: () => new Promise((resolve) => client.end(resolve)) };
};

/** Kysely makes `undefined` of an insertId of 0. */
export const kyselyOnMysql: OnMariadb = async ({ connection }) => {
  const pool = createCallbackPool({ ...connection, connectionLimit: max });
  const db = new Kysely<unknown>({ dialect: new MysqlDialect({ pool }) });
  return {
    client: {
      dialect: "mysql",
      async execute(sql, params) {
        const { rows, numAffectedRows, insertId } = await db.executeQuery<object>(
          CompiledQuery.raw(sql, params),
        );
        return { rows, affected: numAffectedRows, insertId };
      },
    },
    end: () => db.destroy(),
  };
};

/** A place for database files, which is removed when the test file ends. */
export async function databaseFolder(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "bitbucket-auth-sqlite-"));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

export function betterSqlite(file: string): OwnedClient {
  const client = new BetterSqlite3(file, { timeout: 500 });
  client.pragma("journal_mode = WAL");
  client.pragma("synchronous = FULL");
  return { client, end: async () => client.close() };
}

export function nodeSqlite(file: string): OwnedClient {
  const client = new DatabaseSync(file, { timeout: 500 });
  client.exec("PRAGMA journal_mode = WAL");
  return { client, end: async () => client.close() };
}

/** Cloudflare D1 as its own emulator has it. */
export async function d1(): Promise<OwnedClient> {
  const worker = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() }",
    d1Databases: { DB: "test" },
  });
  return { client: await worker.getD1Database("DB"), end: () => worker.dispose() };
}
