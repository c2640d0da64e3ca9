import {
  insideTransaction,
  wholeNumber,
  type AttemptBounds,
  type SqlConnection,
  type SqlResult,
  type SqlValue,
} from "./sql-connection.js";

interface Mysql2Query {
  sql: string;
  values: SqlValue[];
  rowsAsArray: boolean;
  nestTables: false;
  typeCast(field: unknown, next: () => unknown): unknown;
}

interface SendsMysql2Queries {
  query(query: Mysql2Query): Promise<[unknown, unknown]>;
}

interface PooledMysql2Connection extends SendsMysql2Queries {
  release(): void;
  destroy(): void;
}

/** A pool or a connection of `mysql2/promise`. A pool survives a lost connection. */
export interface Mysql2Client extends SendsMysql2Queries {
  execute: unknown;
  getConnection?(): Promise<PooledMysql2Connection>;
}

/** A pool or a connection of `mysql2`, the one with callbacks. */
export interface Mysql2CallbackClient {
  promise(): Mysql2Client;
}

/** Talks to MySQL or MariaDB through mysql2. */
export function mysql2Connection(client: Mysql2Client): SqlConnection {
  return {
    dialect: "mysql",
    placeholder: "?",
    lease: "distributed",
    durable: true,
    isSingle: !("getConnection" in client),
    run: (sql, values, bounds) =>
      client.getConnection === undefined
        ? send(client, sql, values)
        : overPool(client.getConnection(), bounds, (connection) => send(connection, sql, values)),
  };
}

/** Note: a timeout of mysql2's own leaves a silent connection in the pool; to end it, one has to hold it. */
async function overPool<T>(
  taken: Promise<PooledMysql2Connection>,
  { signal }: AttemptBounds,
  work: (connection: PooledMysql2Connection) => Promise<T>,
): Promise<T> {
  const connection = await taken;
  const end = (): void => connection.destroy();
  if (!signal.aborted) signal.addEventListener("abort", end, { once: true });
  try {
    signal.throwIfAborted();
    return await work(connection);
  } finally {
    signal.removeEventListener("abort", end);
    connection.release();
  }
}

async function send(
  client: SendsMysql2Queries,
  sql: string,
  values: readonly SqlValue[],
): Promise<SqlResult> {
  const [answer] = await client.query({
    sql,
    values: [...values],
    rowsAsArray: true,
    nestTables: false,
    typeCast: (_field, next) => next(),
  });
  if (Array.isArray(answer)) return { rows: answer };
  const header = typeof answer === "object" && answer !== null ? answer : {};
  const status: unknown = Reflect.get(header, "serverStatus");
  // Note: bit 1 is "in a transaction" and bit 2 "autocommit". Only an answer to a write has them.
  if (typeof status === "number" && (status & 3) !== 2) throw insideTransaction();
  return {
    rows: [],
    affected: wholeNumber(Reflect.get(header, "affectedRows")),
    insertId: wholeNumber(Reflect.get(header, "insertId")),
  };
}
