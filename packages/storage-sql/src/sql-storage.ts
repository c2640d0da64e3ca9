import { InvalidOptionsError, StorageError, type OpOptions, type TokenStorage } from "@bitbucket-auth/core";
import { connectionOf, type SqlClient } from "./clients/sql-client.js";
import type { SqlConnection } from "./clients/sql-connection.js";
import { sqlFailure } from "./failure.js";
import { mysqlOperations } from "./mysql.js";
import { createNotifications, type PgListenClient } from "./notifications.js";
import type { Send, SqlOperations } from "./operations.js";
import { assertKnownNames, assertOptions, tableNames, type TableNames } from "./options.js";
import { channelOf, postgresOperations } from "./postgres.js";
import { untilDeadline } from "./repeat.js";
import { sqliteOperations } from "./sqlite.js";
import { warnAboutSettings, warnProcess, type SqlStorageWarning } from "./sqlite-warnings.js";
import { statementSender } from "./statement.js";
import { assertFits, firstTextAfter } from "./texts.js";

/** Options of `createSqlStorage`. */
export interface SqlStorageOptions {
  /** Your client or pool. It stays yours: it is never closed here. */
  readonly client: SqlClient;
  /** What the names of the tables begin with, with a schema in front if you like: `auth.bitbucket`. @default "bitbucket_auth" */
  readonly prefix?: string | undefined;
  /** How long a call may take before it rejects, in milliseconds. Until then what may be repeated is repeated. @default 2_000 */
  readonly deadlineMs?: number | undefined;
  /** PostgreSQL only: tells waiting processes of changes by NOTIFY, so that they need not poll. */
  readonly watch?: { readonly listen: PgListenClient } | undefined;
  /** Called once when a SQLite database has settings that put grants at risk. Absent: a warning of the process. */
  readonly onWarning?: ((warning: SqlStorageWarning) => void) | undefined;
}

const optionNames = ["client", "prefix", "deadlineMs", "watch", "onWarning"];

const purgeEveryMs = 3_600_000;
/** How many pages of entries one purge removes at most. */
const purgedPages = 20;

/**
 * Keeps records in PostgreSQL, MySQL, MariaDB, SQLite, D1 or libsql, for every process that can reach the database.
 *
 * Each call is one statement; MySQL needs a second one after a conflict, and a SQLite file one that looks at a lease. No
 * transaction, lock or connection is held between calls. Leases lapse by the database's clock. After a lost answer or a conflict
 * of transactions a statement is repeated until the deadline, which is safe; then the call rejects with `StorageError`, and what
 * was stored before is intact. The tables are those of `createTables()`.
 *
 * Throws `InvalidOptionsError` for a client that it does not know, and for options that are none.
 *
 * @example
 * const client = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * await createTables({ client });
 * const storage = createSqlStorage({ client });
 */
export function createSqlStorage(options: SqlStorageOptions): TokenStorage {
  assertOptions(options, "The argument of createSqlStorage()");
  assertKnownNames(options, "createSqlStorage()", optionNames);
  const { client, prefix, deadlineMs = 2_000, watch, onWarning = warnProcess } = options;
  const names = tableNames(prefix);
  const connection = connectionOf(client);
  const { dialect, lease, durable, isSingle = false } = connection;
  if (typeof deadlineMs !== "number" || !(deadlineMs > 0))
    throw new InvalidOptionsError("`deadlineMs` must be a number of milliseconds, more than 0.");
  if (typeof onWarning !== "function") throw new InvalidOptionsError("`onWarning` must be a function.");
  if (watch && dialect !== "postgres") throw new InvalidOptionsError("`watch` is for PostgreSQL only.");
  const notifications = watch && createNotifications(watch.listen, channelOf(names));
  const operations = operationsOf(connection, names, notifications !== undefined);
  const send = statementSender(connection);
  let closed = false;
  let purgedAt = Number.NEGATIVE_INFINITY;
  let purging: Promise<unknown> = Promise.resolve();
  let warned = false;

  async function call<T>(
    operation: string,
    bounds: OpOptions | undefined,
    work: (send: Send) => Promise<T>,
  ): Promise<T> {
    if (closed)
      throw new StorageError("This SQL storage was closed. Create a new one.", { action: "fix_config" });
    const limitMs = bounds?.deadlineMs ?? deadlineMs;
    return untilDeadline(
      { deadlineMs: limitMs, signal: bounds?.signal },
      {
        attempt: (within) => work(send(within)),
        judge: (error) => sqlFailure(error, { dialect, operation, isSingle }),
        silence: () =>
          connection.whySilent?.() ??
          new StorageError(
            `The database did not answer ${operation}() within ${limitMs} ms. It is not known whether the call took effect: repeat it, or read back.`,
          ),
      },
    );
  }

  /** Note: not waited for, and its failures are not reported: what it leaves is removed an hour later, or by another process. */
  function afterWrite(): void {
    if ("ask" in connection && durable && !warned) {
      warned = true;
      try {
        warnAboutSettings(connection.ask, onWarning);
      } catch {
        // The write has succeeded: an error of the listener must not reject it.
      }
    }
    if (performance.now() - purgedAt < purgeEveryMs) return;
    purgedAt = performance.now();
    purging = purge().catch(() => undefined);
  }
  async function purge(): Promise<void> {
    for (let page = 0; page < purgedPages && !closed; page += 1)
      if (!(await call("purge", undefined, (within) => operations.purge(within)))) return;
  }

  return {
    caps: { lease, durable, list: true, watch: notifications !== undefined },

    async get(id, bounds) {
      assertFits(id, "The key");
      return call("get", bounds, (within) => operations.get(within, id));
    },

    async compareAndSwap(id, expected, bytes, { version, expireAt, ...bounds }) {
      assertFits(id, "The key");
      assertFits(version, "The version");
      if (expected !== null) assertFits(expected, "The expected version");
      // Note: a copy, because the caller may change its own before a repeat.
      const write = { id, expected, version, bytes: bytes.slice(), expires: wholeTime(expireAt) };
      const result = await call("compareAndSwap", bounds, (within) => operations.swap(within, write));
      afterWrite();
      return result;
    },

    async delete(id, { version = crypto.randomUUID(), ...bounds } = {}) {
      assertFits(id, "The key");
      assertFits(version, "The version");
      const wasLive = await call("delete", bounds, (within) => operations.bury(within, { id, version }));
      afterWrite();
      return wasLive;
    },

    async tryLease(id, { owner, ttlMs, ...bounds }) {
      assertFits(id, "The key");
      assertFits(owner, "The owner");
      const fence = await call("tryLease", bounds, (within) =>
        operations.takeLease(within, { id, owner, ttl: wholeMs(ttlMs) }),
      );
      if (fence === null) return null;
      const held = { id, owner, fence };
      return {
        fence,
        renew: (renewedMs) =>
          call("renew", undefined, (within) =>
            operations.renewLease(within, { ...held, ttl: wholeMs(renewedMs) }),
          ),
        release: () => call("release", undefined, (within) => operations.releaseLease(within, held)),
      };
    },

    async *list(start, bounds) {
      assertFits(start, "The prefix", Number.POSITIVE_INFINITY);
      const before = firstTextAfter(start);
      let from = start;
      for (let isListed = false; ; isListed = true) {
        const range = { from, isListed, before };
        const page = await call("list", bounds, (within) => operations.list(within, range));
        yield* page;
        const last = page.at(-1);
        if (last === undefined) return;
        from = last;
      }
    },

    ...(notifications && {
      watch: (key: string, onChange: () => void) => notifications.listen(key, onChange),
    }),

    async close() {
      closed = true;
      await Promise.all([purging, notifications?.close()]);
    },
  };
}

function operationsOf(
  { dialect, isSynchronous = false }: SqlConnection,
  names: TableNames,
  tells: boolean,
): SqlOperations {
  switch (dialect) {
    case "postgres":
      return postgresOperations(names, tells);
    case "mysql":
      return mysqlOperations(names);
    case "sqlite":
      return sqliteOperations(names, isSynchronous);
  }
}

/** A time as a column of whole milliseconds takes it; `null`, which means never, when it is too far away for one. */
function wholeTime(expireAt = Number.POSITIVE_INFINITY): number | null {
  const at = Math.ceil(expireAt);
  return Number.isSafeInteger(at) ? at : null;
}

/** At least 1, and at most some 34 years, so that it can be added to a time. */
function wholeMs(ms: number): number {
  return Math.min(2 ** 40, Math.max(1, Math.ceil(ms)));
}
