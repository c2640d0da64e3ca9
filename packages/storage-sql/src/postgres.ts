import type { SqlOperations } from "./operations.js";
import type { TableNames } from "./options.js";
import { upsertOperations } from "./upserts.js";

/** The tables in PostgreSQL. */
export function postgresTables({ entry, lease, bare }: TableNames): readonly string[] {
  // Note: COLLATE "C" compares bytes. Collations of a language call different keys equal, or list them out of order.
  return [
    `CREATE TABLE IF NOT EXISTS ${entry} (id text COLLATE "C" NOT NULL PRIMARY KEY, version text COLLATE "C" NOT NULL, ` +
      `bytes bytea, expires_at bigint, buried_as text COLLATE "C", buried_live boolean)`,
    `CREATE INDEX IF NOT EXISTS ${bare}_entry_expires_at ON ${entry} (expires_at) WHERE expires_at IS NOT NULL`,
    `CREATE TABLE IF NOT EXISTS ${lease} (id text COLLATE "C" NOT NULL PRIMARY KEY, owner text COLLATE "C", ` +
      `fence bigint NOT NULL, lapses_at bigint NOT NULL)`,
  ];
}

/** The channel on which changes are told. */
export const channelOf = ({ schema, bare }: TableNames): string => `${schema.replace(".", "_")}${bare}`;

/** Note: not `now()`, which is when the transaction began. */
const epoch = "extract(epoch from statement_timestamp())";

/** What a storage does in PostgreSQL. With `tells`, changes are told on a channel. */
export function postgresOperations(names: TableNames, tells: boolean): SqlOperations {
  const channel = channelOf(names);
  return upsertOperations(names, {
    now: `(${epoch}*1000)::bigint`,
    micros: `(${epoch}*1000000)::bigint`,
    greatest: "greatest",
    no: "false",
    typed: (value, type) => `${value}::${type}`,
    skipLocked: " FOR UPDATE SKIP LOCKED",
    notifying: (write, columns, changed) =>
      tells
        ? `WITH w AS (${write}) SELECT ${columns}, CASE WHEN ${changed} THEN pg_notify('${channel}', :id)::text END FROM w`
        : write,
    looksFirst: false,
  });
}
