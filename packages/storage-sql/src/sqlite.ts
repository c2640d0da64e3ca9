import type { SqlOperations } from "./operations.js";
import type { TableNames } from "./options.js";
import { upsertOperations } from "./upserts.js";

/** The tables in SQLite, D1 and libsql. */
export function sqliteTables({ entry, lease, schema, bare }: TableNames): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${entry} (id TEXT NOT NULL PRIMARY KEY, version TEXT NOT NULL, bytes BLOB, ` +
      `expires_at INTEGER, buried_as TEXT, buried_live INTEGER)`,
    // Note: an index is made in the schema that its own name says, and its table is looked up there.
    `CREATE INDEX IF NOT EXISTS ${schema}${bare}_entry_expires_at ON ${bare}_entry (expires_at) WHERE expires_at IS NOT NULL`,
    `CREATE TABLE IF NOT EXISTS ${lease} (id TEXT NOT NULL PRIMARY KEY, owner TEXT, fence INTEGER NOT NULL, ` +
      `lapses_at INTEGER NOT NULL) WITHOUT ROWID`,
  ];
}

/** Epoch milliseconds. 'now' is one moment within one statement. */
const now = "CAST(round((julianday('now')-2440587.5)*86400000.0) AS INTEGER)";

/** What a storage does in SQLite. `isFile`: writers wait for each other, so it looks before it writes. */
export function sqliteOperations(names: TableNames, isFile: boolean): SqlOperations {
  return upsertOperations(names, {
    now,
    micros: `${now}*1000`,
    greatest: "max",
    no: "0",
    typed: (value) => value,
    skipLocked: "",
    notifying: (write) => write,
    looksFirst: isFile,
  });
}
