import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasMariadb, startMariadb } from "@bitbucket-auth/database-servers/mariadb";
import { hasPgBouncer, startPgBouncer } from "@bitbucket-auth/database-servers/pgbouncer";
import { hasPostgres, startPostgres } from "@bitbucket-auth/database-servers/postgres";

/** A database, by the client that processes reach it with. */
export type SqlDatabaseName = "pg" | "pg over PgBouncer" | "mysql2" | "better-sqlite3" | "node:sqlite";

/** Those that can be tried on this machine. */
export const sqlDatabases: readonly SqlDatabaseName[] = [
  ...(hasPostgres ? (["pg"] as const) : []),
  ...(hasPostgres && hasPgBouncer ? (["pg over PgBouncer"] as const) : []),
  ...(hasMariadb ? (["mysql2"] as const) : []),
  "better-sqlite3",
  "node:sqlite",
];

/** An empty database with nothing in it, and what can be done to it. */
export interface SqlDatabase {
  /** What `openSql()` is told in every process. */
  readonly settings: { readonly sql: SqlDatabaseName; readonly address: string };
  /** Crashes it and starts it again with its data, or shuts it down and starts it again. Absent for a file. */
  restart?(mode: "fast" | "immediate"): Promise<void>;
}

/** Lends a database and clears it away. */
export async function withSqlDatabase<T>(
  name: SqlDatabaseName,
  use: (database: SqlDatabase) => Promise<T>,
): Promise<T> {
  const settings = (address: string) => ({ sql: name, address });
  if (name === "mysql2") {
    const server = await startMariadb();
    try {
      return await use({
        settings: settings(JSON.stringify(server.connection)),
        restart: () => server.restart(),
      });
    } finally {
      await server.stop();
    }
  }
  if (name === "pg" || name === "pg over PgBouncer") {
    const server = await startPostgres();
    try {
      const restart = (mode: "fast" | "immediate") => server.restart(mode);
      if (name === "pg") return await use({ settings: settings(server.url), restart });
      const bouncer = await startPgBouncer(server);
      try {
        return await use({ settings: settings(bouncer.url), restart });
      } finally {
        await bouncer.stop();
      }
    } finally {
      await server.stop();
    }
  }
  const folder = await mkdtemp(join(tmpdir(), "bitbucket-auth-storm-"));
  try {
    const file = join(folder, "tokens.db");
    // Once, as a migration does it: the file keeps it, and SQLite waits for no other process that switches it at the same moment.
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(file);
    database.exec("PRAGMA journal_mode = WAL");
    database.close();
    return await use({ settings: settings(file) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
