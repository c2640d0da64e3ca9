import {
  asFlag,
  asNumber,
  entryIn,
  listStatement,
  listValues,
  pageSize,
  rememberedMs,
  swapResult,
  type SqlOperations,
} from "./operations.js";
import type { TableNames } from "./options.js";

/** Where PostgreSQL and SQLite differ. */
export interface UpsertWords {
  /** The database's clock, in epoch milliseconds. */
  readonly now: string;
  /** The same in microseconds. */
  readonly micros: string;
  readonly greatest: "greatest" | "max";
  readonly no: "false" | "0";
  /** Gives a value that stands alone in a SELECT its type. */
  readonly typed: (value: string, type: "text" | "bigint") => string;
  /** What rows to remove are picked with, so that two purges do not wait for each other. */
  readonly skipLocked: string;
  /** Wraps a write that returns rows, so that it also notifies watchers when `changed` holds of a row. */
  readonly notifying: (write: string, columns: string, changed: string) => string;
  /** Looks before it takes a lease: a refusal that writes takes the lock of the whole file. */
  readonly looksFirst: boolean;
}

/**
 * What a storage does where `INSERT … ON CONFLICT … RETURNING` is known. Each is one statement, but for a look at a lease.
 *
 * Each statement decides on the row it locks. Note: a second part of the same statement that reads the version would see the one
 * from before the write.
 */
export function upsertOperations({ entry, lease }: TableNames, words: UpsertWords): SqlOperations {
  const { now, micros, greatest, no, typed, skipLocked, notifying, looksFirst } = words;
  const ttl = typed(":ttl", "bigint");

  const read = `SELECT version, bytes FROM ${entry} WHERE id=:id AND bytes IS NOT NULL`;
  const create = notifying(
    `INSERT INTO ${entry} AS e (id,version,bytes,expires_at) VALUES (:id,:version,:bytes,:expires)
      ON CONFLICT (id) DO UPDATE SET version=e.version RETURNING version, bytes IS NULL AS deleted`,
    "version, deleted",
    "version=:version",
  );
  // Note: a version that is there already is our own write, made again. A tombstone of that name is not.
  const isExpected = "version=:expected OR (version=:version AND bytes IS NOT NULL)";
  const replace = notifying(
    `UPDATE ${entry} SET bytes=CASE WHEN ${isExpected} THEN :bytes ELSE bytes END,
      expires_at=CASE WHEN ${isExpected} THEN :expires ELSE expires_at END,
      version=CASE WHEN ${isExpected} THEN :version ELSE version END
      WHERE id=:id RETURNING version, bytes IS NULL AS deleted`,
    "version, deleted",
    "version=:version",
  );
  // Note: the last burial is remembered by its name, and its repeat changes nothing: not what was written since either.
  const isRepeat = "e.buried_as=:version";
  const bury = notifying(
    `INSERT INTO ${entry} AS e (id,version,bytes,expires_at,buried_as,buried_live)
      VALUES (:id,:version,NULL,${now}+${rememberedMs},:version,${no})
      ON CONFLICT (id) DO UPDATE SET
      version=CASE WHEN ${isRepeat} THEN e.version ELSE excluded.version END,
      expires_at=CASE WHEN ${isRepeat} THEN e.expires_at ELSE excluded.expires_at END,
      buried_live=CASE WHEN ${isRepeat} THEN e.buried_live ELSE e.bytes IS NOT NULL END,
      bytes=CASE WHEN ${isRepeat} THEN e.bytes END, buried_as=:version RETURNING buried_live`,
    "buried_live",
    "true",
  );

  const isHeldByAnother = `id=:id AND owner<>:owner AND lapses_at>${now}`;
  const look = `SELECT 1 AS held FROM ${lease} WHERE ${isHeldByAnother}`;
  const wanted = `${typed(":id", "text")}, ${typed(":owner", "text")}, ${micros}, ${now}+${ttl}`;
  // Note: a refusal that is decided by the look, and not by the conflict, writes nothing at all.
  const source = looksFirst
    ? `VALUES (${wanted})`
    : `SELECT ${wanted} WHERE NOT EXISTS (SELECT 1 FROM ${lease} h WHERE ${isHeldByAnother})`;
  const take = `INSERT INTO ${lease} AS l (id,owner,fence,lapses_at) ${source}
    ON CONFLICT (id) DO UPDATE SET
    fence=CASE WHEN l.owner=:owner AND l.lapses_at>${now} THEN l.fence ELSE ${greatest}(l.fence+1, excluded.fence) END,
    owner=excluded.owner, lapses_at=excluded.lapses_at
    WHERE l.owner IS NULL OR l.owner=:owner OR l.lapses_at<=${now} RETURNING fence`;
  const renew = `UPDATE ${lease} SET lapses_at=${now}+${ttl}
    WHERE id=:id AND owner=:owner AND fence=:fence AND lapses_at>${now} RETURNING 1 AS ours`;
  const release = notifying(
    `UPDATE ${lease} SET owner=NULL, lapses_at=${now} WHERE id=:id AND owner=:owner AND fence=:fence RETURNING 1 AS ours`,
    "ours",
    "true",
  );

  const purge = (table: string, time: string, isOver: string): string =>
    `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${isOver} ORDER BY ${time} LIMIT ${pageSize}${skipLocked})
      AND ${isOver} RETURNING 1 AS gone`;
  const purgeEntries = purge(entry, "expires_at", `expires_at<=${now}`);
  const purgeLeases = purge(lease, "lapses_at", `lapses_at<=${now}-${rememberedMs}`);

  return {
    get: async (send, id) => entryIn(await send(read, { id })),
    swap: async (send, { expected, ...write }) =>
      swapResult(
        expected === null ? await send(create, write) : await send(replace, { ...write, expected }),
        write.version,
      ),
    bury: async (send, tombstone) => asFlag((await send(bury, tombstone)).rows[0]?.[0]),
    async takeLease(send, { id, owner, ttl: ttlMs }) {
      if (looksFirst && (await send(look, { id, owner })).rows.length > 0) return null;
      const [row] = (await send(take, { id, owner, ttl: ttlMs })).rows;
      return row ? asNumber(row[0]) : null;
    },
    renewLease: async (send, held) => (await send(renew, held)).rows.length > 0,
    releaseLease: async (send, held) => void (await send(release, held)),
    list: async (send, range) => {
      const { rows } = await send(listStatement(entry, range), listValues(range));
      return rows.map(([id]) => String(id));
    },
    async purge(send) {
      const entries = (await send(purgeEntries)).rows.length;
      const leases = (await send(purgeLeases)).rows.length;
      return Math.max(entries, leases) === pageSize;
    },
  };
}
