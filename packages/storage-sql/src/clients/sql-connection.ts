import { InvalidOptionsError, StorageError, type StorageCapabilities } from "@bitbucket-auth/core";
import { assertKnownNames } from "../options.js";

/** Which SQL a database speaks. MariaDB counts as `mysql`, Cloudflare D1 and libsql as `sqlite`. */
export type SqlDialect = "postgres" | "mysql" | "sqlite";

/** What a statement is given in place of a placeholder. */
export type SqlValue = string | number | Uint8Array | null;

/** What came of a statement. Rows are read by position, so that no setting of the client about names can matter. */
export interface SqlResult {
  readonly rows: readonly (readonly unknown[])[];
  /** Rows changed, as MySQL counts them. */
  readonly affected?: number | undefined;
  /** What `LAST_INSERT_ID(value)` was given. MySQL only. */
  readonly insertId?: number | undefined;
}

/** How long one attempt may take. The signal fires when nothing waits for it any longer. */
export interface AttemptBounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The few things a storage asks of a client, whichever library it comes from. */
export interface SqlConnection {
  readonly dialect: SqlDialect;
  readonly placeholder: "$" | "?";
  readonly lease: StorageCapabilities["lease"];
  readonly durable: boolean;
  /** It answers before it returns, and its process waits meanwhile: a database file. */
  readonly isSynchronous?: boolean;
  /** It is one connection, which does not come back once it is lost. */
  readonly isSingle?: boolean;
  /** Sends one statement. Rejects with the client's own error, or with `StorageError` when the client may not be used now. */
  run(sql: string, values: readonly SqlValue[], bounds: AttemptBounds): Promise<SqlResult>;
  /** Says why a client was silent, where that can be known. */
  whySilent?(): StorageError | undefined;
}

/** Any other client, by what it has to do: Kysely, Knex, an HTTP driver. */
export interface GenericSqlClient {
  readonly dialect: SqlDialect;
  /** What stands for a value in the SQL. Absent: `$1` for PostgreSQL and `?` for the others. */
  readonly placeholder?: "?" | undefined;
  /** How far the database reaches. Absent: `host` for SQLite, `distributed` for the others. */
  readonly lease?: StorageCapabilities["lease"] | undefined;
  /**
   * Sends one statement outside any transaction and resolves with its rows. `affected` and `insertId` are read for MySQL
   * only. What it rejects with should be the driver's own error: its code decides what is repeated.
   */
  execute(
    sql: string,
    params: SqlValue[],
  ): Promise<{
    readonly rows: readonly (readonly unknown[])[] | readonly object[];
    readonly affected?: number | bigint | undefined;
    readonly insertId?: number | bigint | undefined;
  }>;
}

const dialects: readonly unknown[] = ["postgres", "mysql", "sqlite"];
const reaches: readonly unknown[] = [undefined, "process", "host", "distributed"];

/** Throws `InvalidOptionsError` unless this is the name of a dialect. */
export function assertDialect(dialect: unknown, what: string): asserts dialect is SqlDialect {
  if (dialects.includes(dialect)) return;
  throw new InvalidOptionsError(`${what} must be "postgres", "mysql" or "sqlite".`);
}

/** Talks through the one function of a generic client. */
export function genericConnection(client: GenericSqlClient): SqlConnection {
  const { dialect, placeholder, lease } = client;
  assertDialect(dialect, "client.dialect");
  if (typeof client.execute !== "function")
    throw new InvalidOptionsError("client.execute must be a function (sql, params) => Promise<{ rows }>.");
  if (placeholder !== undefined && placeholder !== "?")
    throw new InvalidOptionsError('client.placeholder must be "?" or absent.');
  if (!reaches.includes(lease))
    throw new InvalidOptionsError('client.lease must be "process", "host", "distributed" or absent.');
  // Note: an object of a class has members of its own; one that was written for this call has none to spare.
  if (Object.getPrototypeOf(client) === Object.prototype)
    assertKnownNames(client, "client", ["dialect", "placeholder", "lease", "execute"]);
  const reach = lease ?? (dialect === "sqlite" ? "host" : "distributed");
  return {
    dialect,
    placeholder: dialect === "postgres" ? (placeholder ?? "$") : "?",
    lease: reach,
    durable: reach !== "process",
    async run(sql, values) {
      const { rows, affected, insertId } = Object(await client.execute(sql, [...values]));
      if (!Array.isArray(rows)) throw noRows();
      return {
        rows: rows.map((row: unknown) => (Array.isArray(row) ? row : Object.values(Object(row)))),
        affected: wholeNumber(affected),
        insertId: wholeNumber(insertId),
      };
    },
  };
}

function noRows(): StorageError {
  return new StorageError(
    "The generic SQL client gave no rows. Let `execute` resolve with { rows }, an empty array where there are none.",
    { action: "fix_config" },
  );
}

/** A count, however the client hands it out: number, bigint or text. */
export function wholeNumber(value: unknown): number | undefined {
  const isNumeric = typeof value === "number" || typeof value === "bigint" || typeof value === "string";
  const number = isNumeric && value !== "" ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Said when a transaction of the caller would decide whether what we write stays. */
export function insideTransaction(): StorageError {
  return new StorageError(
    "The SQL client is inside a transaction, and a rollback would undo what is stored here. Pass a client or pool that is not.",
    { action: "fix_config" },
  );
}
