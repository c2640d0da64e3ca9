import { StorageError, type CasResult, type Version } from "@bitbucket-auth/core";
import {
  asBytes,
  asFlag,
  asNumber,
  asText,
  entryIn,
  listStatement,
  listValues,
  pageSize,
  rememberedMs,
  swapResult,
  type Send,
  type SqlOperations,
} from "./operations.js";
import type { SqlResult } from "./clients/sql-connection.js";
import type { TableNames } from "./options.js";

/**
 * The tables in MySQL and MariaDB.
 *
 * Texts are bytes: even `utf8mb4_bin` takes 'a' and 'a ' for the same. `writes` makes every write change its row, or one that
 * changes nothing else would count as one that found nothing.
 */
export function mysqlTables({ entry, lease, bare }: TableNames): readonly string[] {
  const engine = "ENGINE=InnoDB ROW_FORMAT=DYNAMIC";
  return [
    `CREATE TABLE IF NOT EXISTS ${entry} (id VARBINARY(1024) NOT NULL PRIMARY KEY, version VARBINARY(1024) NOT NULL, ` +
      `bytes MEDIUMBLOB NULL, expires_at BIGINT NULL, buried_as VARBINARY(1024) NULL, buried_live TINYINT NULL, ` +
      `writes INT UNSIGNED NOT NULL DEFAULT 0, KEY ${bare}_entry_expires_at (expires_at)) ${engine}`,
    `CREATE TABLE IF NOT EXISTS ${lease} (id VARBINARY(1024) NOT NULL PRIMARY KEY, owner VARBINARY(1024) NULL, ` +
      `fence BIGINT NOT NULL, lapses_at BIGINT NOT NULL, writes INT UNSIGNED NOT NULL DEFAULT 0, ` +
      `KEY ${bare}_lease_lapses_at (lapses_at)) ${engine}`,
  ];
}

/** Note: UNIX_TIMESTAMP() goes through the session's time zone, and is an hour off when summer time ends. */
const micros = "TIMESTAMPDIFF(MICROSECOND,'1970-01-01 00:00:00',UTC_TIMESTAMP(6))";
const now = `(${micros} DIV 1000)`;

/** How often a write looks again that neither happened nor was refused. */
const looksAtMost = 5;

/**
 * What a storage does in MySQL and MariaDB, which return no rows from a write.
 *
 * Instead `LAST_INSERT_ID(value)` carries one number out of the row that was locked, in the same answer. Assignments run
 * from left to right and see what those before them assigned: their order matters.
 */
export function mysqlOperations({ entry, lease }: TableNames): SqlOperations {
  const read = `SELECT version, bytes FROM ${entry} WHERE id=:id AND bytes IS NOT NULL`;
  const standing = `SELECT version, bytes IS NULL AS deleted FROM ${entry} WHERE id=:id`;
  const create = `INSERT INTO ${entry} (id,version,bytes,expires_at) VALUES (:id,:version,:bytes,:expires)
    ON DUPLICATE KEY UPDATE writes=writes+1`;
  const replace = `UPDATE ${entry} SET bytes=:bytes, expires_at=:expires, writes=writes+1, version=:version
    WHERE id=:id AND (version=:expected OR (version=:version AND bytes IS NOT NULL))`;

  const isRepeat = "buried_as<=>:version";
  const bury = `INSERT INTO ${entry} (id,version,bytes,expires_at,buried_as,buried_live)
    VALUES (:id,:version,NULL,${now}+${rememberedMs},:version,LAST_INSERT_ID(1)-1)
    ON DUPLICATE KEY UPDATE version=IF(${isRepeat},version,:version), expires_at=IF(${isRepeat},expires_at,${now}+${rememberedMs}),
    buried_live=LAST_INSERT_ID(1+IF(${isRepeat},buried_live,bytes IS NOT NULL))-1, bytes=IF(${isRepeat},bytes,NULL),
    writes=writes+1, buried_as=:version`;
  const buried = `SELECT buried_live FROM ${entry} WHERE id=:id AND buried_as=:version`;

  const isFree = `owner IS NULL OR lapses_at<=${now}`;
  const take = `INSERT INTO ${lease} (id,owner,fence,lapses_at) VALUES (:id,:owner,LAST_INSERT_ID(${micros}),${now}+:ttl)
    ON DUPLICATE KEY UPDATE
    fence=IF(owner=:owner AND lapses_at>${now}, LAST_INSERT_ID(fence),
      IF(${isFree}, LAST_INSERT_ID(GREATEST(fence+1,${micros})), fence+LAST_INSERT_ID(0))),
    owner=IF(${isFree},:owner,owner), lapses_at=IF(owner=:owner OR ${isFree}, ${now}+:ttl, lapses_at)`;
  // Note: without a look at the time. A lease of 1 ms has lapsed by now, and was granted all the same.
  const taken = `SELECT fence FROM ${lease} WHERE id=:id AND owner=:owner`;
  const renew = `UPDATE ${lease} SET lapses_at=${now}+:ttl, writes=writes+1
    WHERE id=:id AND owner=:owner AND fence=:fence AND lapses_at>${now}`;
  const release = `UPDATE ${lease} SET owner=NULL, lapses_at=${now} WHERE id=:id AND owner=:owner AND fence=:fence`;

  async function swap(
    send: Send,
    write: { id: string; version: Version; bytes: Uint8Array; expires: number | null },
    expected: Version | null,
  ): Promise<CasResult> {
    for (let looks = 0; looks < looksAtMost; looks += 1) {
      const sent = await (expected === null ? send(create, write) : send(replace, { ...write, expected }));
      if (changed(sent) === 1) return { ok: true };
      const result = swapResult(await send(standing, { id: write.id }), write.version);
      // Note: what was there a moment ago may be gone, or have become what we expect: then it is written again.
      if (result.ok || result.current !== expected) return result;
    }
    throw new StorageError(
      "MySQL neither wrote nor refused. Does a replica answer the reads? Send all calls to the primary.",
    );
  }

  const purge = async (send: Send, table: string, isOver: string): Promise<boolean> => {
    const { rows } = await send(`SELECT id FROM ${table} WHERE ${isOver} LIMIT ${pageSize}`);
    // Note: one by one. A range locks what lies between its rows, and writers meet there in a deadlock.
    for (const [id] of rows)
      await send(`DELETE FROM ${table} WHERE id=:id AND ${isOver}`, { id: asBytes(id) });
    return rows.length === pageSize;
  };

  return {
    get: async (send, id) => entryIn(await send(read, { id })),
    swap: (send, { expected, ...write }) => swap(send, write, expected),
    async bury(send, tombstone) {
      const { insertId } = await send(bury, tombstone);
      // Note: not every client hands out what LAST_INSERT_ID() was given.
      if (insertId) return insertId === 2;
      const [row] = (await send(buried, tombstone)).rows;
      return row !== undefined && asFlag(row[0]);
    },
    async takeLease(send, { id, owner, ttl }) {
      const { insertId } = await send(take, { id, owner, ttl });
      if (insertId !== undefined) return insertId === 0 ? null : insertId;
      const [row] = (await send(taken, { id, owner })).rows;
      return row ? asNumber(row[0]) : null;
    },
    renewLease: async (send, held) => changed(await send(renew, held)) === 1,
    releaseLease: async (send, held) => void (await send(release, held)),
    list: async (send, range) => {
      const { rows } = await send(listStatement(entry, range), listValues(range));
      return rows.map(([id]) => asText(id));
    },
    async purge(send) {
      const entries = await purge(send, entry, `expires_at<=${now}`);
      const leases = await purge(send, lease, `lapses_at<=${now}-${rememberedMs}`);
      return entries || leases;
    },
  };
}

/** How many rows a write changed, two for a row that an INSERT found. */
function changed({ affected }: SqlResult): number {
  if (affected !== undefined) return affected;
  throw new StorageError(
    "The SQL client does not say how many rows a write changed. Let `execute` resolve with `affected` as well.",
    { action: "fix_config" },
  );
}
