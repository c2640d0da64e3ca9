import type { TokenStorage } from "@bitbucket-auth/core";
import { createSqlStorage, createTables, type SqlClient } from "@bitbucket-auth/storage-sql";

/** The storage over a database that `withSqlDatabase()` lent, as a program of the user would open it. */
export async function openSql(
  settings: Readonly<Record<string, string>>,
): Promise<{ storage: TokenStorage; end(): Promise<void> }> {
  const { client, end } = await connect(settings);
  await createTables({ client });
  // Note: longer than any restart takes on a busy machine, and shorter than core waits for a call.
  return { storage: createSqlStorage({ client, deadlineMs: 9_000 }), end };
}

async function connect({
  sql,
  address = "",
}: Readonly<Record<string, string>>): Promise<{ client: SqlClient; end(): Promise<void> }> {
  if (sql === "mysql2") {
    const { createPool } = await import("mysql2/promise");
    const client = createPool({ ...JSON.parse(address), connectionLimit: 5 });
    return { client, end: () => client.end() };
  }
  if (sql === "better-sqlite3") {
    const { default: Database } = await import("better-sqlite3");
    const client = new Database(address, { timeout: 500 });
    client.pragma("synchronous = FULL");
    return { client, end: async () => void client.close() };
  }
  if (sql === "node:sqlite") {
    const { DatabaseSync } = await import("node:sqlite");
    const client = new DatabaseSync(address, { timeout: 500 });
    return { client, end: async () => client.close() };
  }
  const { Pool } = await import("pg");
  const client = new Pool({ connectionString: address, max: 5 });
  client.on("error", () => undefined);
  return { client, end: () => client.end() };
}
