import { assertDialect, type SqlConnection, type SqlDialect } from "./clients/sql-connection.js";
import { connectionOf, type SqlClient } from "./clients/sql-client.js";
import { StorageError } from "@bitbucket-auth/core";
import { sqlFailure } from "./failure.js";
import { mysqlTables } from "./mysql.js";
import { assertKnownNames, assertOptions, tableNames, type TableNames } from "./options.js";
import { postgresTables } from "./postgres.js";
import { untilDeadline } from "./repeat.js";
import { sqliteTables } from "./sqlite.js";

/** Options of `sqlSchema`. */
export interface SqlSchemaOptions {
  /** What the names of the tables begin with, as `createSqlStorage` is given it. */
  readonly prefix?: string | undefined;
}

/** Options of `createTables`. */
export interface CreateTablesOptions {
  /** A client whose user may create tables. */
  readonly client: SqlClient;
  /** What the names of the tables begin with, as `createSqlStorage` is given it. */
  readonly prefix?: string | undefined;
}

const tablesOf: Readonly<Record<SqlDialect, (names: TableNames) => readonly string[]>> = {
  postgres: postgresTables,
  mysql: mysqlTables,
  sqlite: sqliteTables,
};

/**
 * The statements that make the tables, for the migrations you have. Each may run again: what is there is left alone.
 *
 * Throws `InvalidOptionsError` for an unknown dialect or an invalid prefix.
 */
export function sqlSchema(dialect: SqlDialect, options: SqlSchemaOptions = {}): readonly string[] {
  assertDialect(dialect, "The first argument of sqlSchema()");
  assertOptions(options, "The second argument of sqlSchema()");
  assertKnownNames(options, "sqlSchema()", ["prefix"]);
  return tablesOf[dialect](tableNames(options.prefix));
}

/** DDL waits for locks of others, and a busy machine takes seconds to make a table. */
const deadlineMs = 30_000;

/**
 * Makes the tables where they are missing. Any number of processes may do so at once. `createSqlStorage` never makes them,
 * because in production its database user often may not.
 *
 * Rejects with `StorageError`, `fix_config` when the user may not create tables.
 *
 * @example
 * await createTables({ client: new pg.Pool({ connectionString: process.env.DATABASE_URL }) });
 */
export async function createTables(options: CreateTablesOptions): Promise<void> {
  assertOptions(options, "The argument of createTables()");
  assertKnownNames(options, "createTables()", ["client", "prefix"]);
  const connection = connectionOf(options.client);
  for (const sql of sqlSchema(connection.dialect, { prefix: options.prefix })) await make(connection, sql);
}

function make(connection: SqlConnection, sql: string): Promise<unknown> {
  const { dialect, isSingle = false } = connection;
  return untilDeadline(
    { deadlineMs },
    {
      attempt: (bounds) => connection.run(sql, [], bounds),
      judge: (error) => sqlFailure(error, { dialect, operation: "createTables", isSingle }),
      silence: () =>
        connection.whySilent?.() ??
        new StorageError(
          `The database did not answer createTables() within ${deadlineMs / 1_000} s. Try again.`,
        ),
    },
  );
}
