import { InvalidOptionsError } from "@bitbucket-auth/core";
import { mysql2Connection, type Mysql2CallbackClient, type Mysql2Client } from "./mysql-clients.js";
import {
  pgConnection,
  postgresJsConnection,
  type PgClient,
  type PostgresJsClient,
} from "./postgres-clients.js";
import { genericConnection, type GenericSqlClient, type SqlConnection } from "./sql-connection.js";
import {
  d1Connection,
  libsqlConnection,
  sqliteConnection,
  type D1Client,
  type LibsqlClient,
  type SqliteClient,
  type SqliteConnection,
} from "./sqlite-clients.js";

/** A client that `createSqlStorage` can work with. It is told by the calls it has, never by its class. */
export type SqlClient =
  | PgClient
  | PostgresJsClient
  | Mysql2Client
  | Mysql2CallbackClient
  | SqliteClient
  | D1Client
  | LibsqlClient
  | GenericSqlClient;

/** Tells what kind of client this is, and how to talk to it. */
export function connectionOf(client: SqlClient | undefined): SqlConnection | SqliteConnection {
  if (client === null || (typeof client !== "object" && typeof client !== "function")) throw unknownClient();
  if ("dialect" in client && "execute" in client) return genericConnection(client);
  if ("unsafe" in client) {
    if ("begin" in client || "savepoint" in client) return postgresJsConnection(client);
    throw new InvalidOptionsError(
      "A reserved connection of postgres.js is not taken: pass what postgres() gave you.",
    );
  }
  if ("prepare" in client) {
    if ("exec" in client) return "batch" in client ? d1Connection(client) : sqliteConnection(client);
    if ("batch" in client) {
      throw new InvalidOptionsError(
        "A session of D1 is not taken, because a replica may answer it. Pass the binding itself.",
      );
    }
  }
  if ("protocol" in client && "execute" in client) return libsqlConnection(client);
  if ("promise" in client && typeof client.promise === "function") return mysql2Connection(client.promise());
  if ("execute" in client && "query" in client && !("batch" in client)) {
    if ("getConnection" in client || "beginTransaction" in client) return mysql2Connection(client);
  }
  if ("query" in client && "connect" in client) return pgConnection(client);
  throw unknownClient();
}

function unknownClient(): InvalidOptionsError {
  return new InvalidOptionsError(
    "`client` must be a client of pg, postgres.js, mysql2, better-sqlite3, node:sqlite, bun:sqlite, Cloudflare D1 or libsql, " +
      "or { dialect, execute } for any other. Of Drizzle pass `db.$client`; of Kysely and Knex the README shows the few lines.",
  );
}
