import { InvalidOptionsError, StorageError } from "@bitbucket-auth/core";
import { insideTransaction, type SqlConnection, type SqlDialect, type SqlValue } from "./sql-connection.js";

/** A `Pool` or a connected `Client` of `pg`, or of a library with the same calls. A pool survives a lost connection. */
export interface PgClient {
  query(query: {
    text: string;
    values: SqlValue[];
    rowMode: "array";
    query_timeout: number;
  }): Promise<{ rows: unknown[][] }>;
  connect(): Promise<unknown>;
}

/** What `postgres()` of postgres.js gave you, or `new SQL()` of Bun. */
export interface PostgresJsClient {
  unsafe(query: string, parameters?: SqlValue[]): { values(): PromiseLike<readonly (readonly unknown[])[]> };
  begin: unknown;
}

/**
 * Talks to PostgreSQL through `pg`.
 *
 * The time an attempt has is the query's own, too: the pool then drops a connection that is silent, instead of handing it out again.
 */
export function pgConnection(client: PgClient): SqlConnection {
  // Note: a pool counts its connections; a client is one.
  const isSingle = !("totalCount" in client);
  const send: SqlConnection["run"] = async (text, values, { timeoutMs }) => {
    refuseTransaction(client);
    const query_timeout = Math.max(1, Math.ceil(timeoutMs));
    const { rows } = await client.query({ text, values: [...values], rowMode: "array", query_timeout });
    // Note: a BEGIN that waited in front of us had not been sent when we looked.
    refuseTransaction(client);
    return { rows };
  };
  return {
    dialect: "postgres",
    placeholder: "$",
    lease: "distributed",
    durable: true,
    isSingle,
    run: isSingle ? inTurn(send) : send,
    ...(isSingle && {
      whySilent: () =>
        transactionStatus(client) === null
          ? new StorageError("The pg client is not connected. Call its connect() first, or pass a Pool.", {
              action: "fix_config",
            })
          : undefined,
    }),
  };
}

/** `I` idle, `T` in a transaction, `E` in a failed one, `null` never connected; `undefined` where pg is too old to tell. */
function transactionStatus(client: PgClient): unknown {
  const ask: unknown = Reflect.get(client, "getTransactionStatus");
  return typeof ask === "function" ? Reflect.apply(ask, client, []) : undefined;
}

function refuseTransaction(client: PgClient): void {
  const status = transactionStatus(client);
  if (status === "T" || status === "E") throw insideTransaction();
}

/** A single `pg` client warns when it is given a query while another one runs. */
function inTurn(send: SqlConnection["run"]): SqlConnection["run"] {
  let last: Promise<unknown> = Promise.resolve();
  return (sql, values, bounds) => {
    const mine = last.then(() => send(sql, values, bounds));
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Talks through `unsafe()` of postgres.js or Bun: the text is ours and fixed, the values are parameters. */
export function postgresJsConnection(client: PostgresJsClient): SqlConnection {
  if ("savepoint" in client) throw new InvalidOptionsError(insideTransaction().message);
  const dialect = adapterOf(client);
  return {
    dialect,
    placeholder: dialect === "postgres" ? "$" : "?",
    lease: dialect === "sqlite" ? "host" : "distributed",
    durable: true,
    async run(sql, values) {
      const rows = await client.unsafe(sql, [...values]).values();
      return {
        rows: [...rows],
        affected: numberIn(rows, "affectedRows"),
        insertId: numberIn(rows, "lastInsertRowid"),
      };
    },
  };
}

/** Bun's client speaks more than PostgreSQL, and says which. */
function adapterOf(client: PostgresJsClient): SqlDialect {
  const options: unknown = Reflect.get(client, "options");
  const adapter: unknown =
    typeof options === "object" && options !== null ? Reflect.get(options, "adapter") : undefined;
  if (adapter === "mysql" || adapter === "mariadb") return "mysql";
  return adapter === "sqlite" ? "sqlite" : "postgres";
}

function numberIn(rows: object, name: string): number | undefined {
  const value: unknown = Reflect.get(rows, name);
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}
