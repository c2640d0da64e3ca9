import { InvalidOptionsError } from "@bitbucket-auth/core";
import { insideTransaction, type SqlConnection, type SqlValue } from "./sql-connection.js";

interface SqliteStatement {
  all(...values: SqlValue[]): unknown[];
}

/** An open database of `better-sqlite3`, `node:sqlite` or `bun:sqlite`. */
export interface SqliteClient {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

/** A binding of Cloudflare D1. */
export interface D1Client {
  prepare(sql: string): { bind(...values: SqlValue[]): { raw(): Promise<unknown[]> } };
  batch: unknown;
  exec: unknown;
}

/** A client of `@libsql/client` for a remote database. */
export interface LibsqlClient {
  readonly protocol: string;
  execute(statement: {
    sql: string;
    args: SqlValue[];
  }): Promise<{ readonly columns: readonly string[]; readonly rows: readonly ArrayLike<unknown>[] }>;
  batch: unknown;
}

/** Asks a database file at once, and answers rows by position. */
export type AskSqlite = (sql: string, values?: readonly SqlValue[]) => readonly (readonly unknown[])[];

/** A connection to a database file. */
export interface SqliteConnection extends SqlConnection {
  readonly ask: AskSqlite;
}

/** Talks to a database file, or to one in memory, through a driver that answers at once. */
export function sqliteConnection(client: SqliteClient): SqliteConnection {
  const prepared = new Map<string, Rows>();
  const ask: AskSqlite = (sql, values = []) => {
    if (isTrue(client, "inTransaction") || isTrue(client, "isTransaction")) throw insideTransaction();
    const rows = prepared.get(sql) ?? rowsOf(client.prepare(sql));
    prepared.set(sql, rows);
    return rows(values);
  };
  const isInMemory = fileOf(ask) === "";
  return {
    dialect: "sqlite",
    placeholder: "?",
    lease: isInMemory ? "process" : "host",
    durable: !isInMemory,
    isSynchronous: true,
    ask,
    run: async (sql, values) => ({ rows: ask(sql, values) }),
  };
}

function fileOf(ask: AskSqlite): unknown {
  try {
    return ask("SELECT file FROM pragma_database_list WHERE name = 'main'")[0]?.[0] ?? "";
  } catch {
    throw new InvalidOptionsError("The SQLite database is not open, or inside a transaction. Open it first.");
  }
}

type Rows = (values: readonly SqlValue[]) => readonly (readonly unknown[])[];

/**
 * Note: never `get()`. With RETURNING it stops before the statement commits: it answers a row while a full disk or a
 * busy file lets nothing be stored.
 */
function rowsOf(statement: SqliteStatement): Rows {
  const values: unknown = Reflect.get(statement, "values");
  const raw: unknown = Reflect.get(statement, "raw");
  // bun:sqlite.
  if (typeof values === "function") return (given) => rowsIn(Reflect.apply(values, statement, [...given]));
  if (typeof raw !== "function")
    return (given) => statement.all(...given).map((row) => Object.values(Object(row)));
  // better-sqlite3: what returns nothing can only be run.
  const run: unknown = Reflect.get(statement, "run");
  if (!isTrue(statement, "reader") && typeof run === "function")
    return (given) => {
      Reflect.apply(run, statement, [...given]);
      return [];
    };
  Reflect.apply(raw, statement, []);
  return (given) => rowsIn(statement.all(...given));
}

const isTrue = (object: object, name: string): boolean => Reflect.get(object, name) === true;

function rowsIn(answer: unknown): readonly (readonly unknown[])[] {
  return Array.isArray(answer) ? answer : [];
}

/** Talks to Cloudflare D1. */
export function d1Connection(client: D1Client): SqlConnection {
  return {
    dialect: "sqlite",
    placeholder: "?",
    lease: "distributed",
    durable: true,
    async run(sql, values) {
      // Note: D1 sends the whole buffer behind a view, so it is given a copy that has no more in it.
      const bound = values.map((value) =>
        typeof value === "object" && value ? new Uint8Array(value) : value,
      );
      return {
        rows: rowsIn(
          await client
            .prepare(sql)
            .bind(...bound)
            .raw(),
        ),
      };
    },
  };
}

/** Talks to a remote libsql database. */
export function libsqlConnection(client: LibsqlClient): SqlConnection {
  if (client.protocol === "file") {
    throw new InvalidOptionsError(
      "A libsql client on a local file loses writes that it has acknowledged (tursodatabase/libsql-client-ts#352). " +
        "Use better-sqlite3 or node:sqlite for files, or a libsql client with an http or ws URL.",
    );
  }
  return {
    dialect: "sqlite",
    placeholder: "?",
    lease: "distributed",
    durable: true,
    async run(sql, values) {
      const { columns, rows } = await client.execute({ sql, args: [...values] });
      return { rows: rows.map((row) => columns.map((_, index) => row[index])) };
    },
  };
}
