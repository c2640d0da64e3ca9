import { DatabaseSync } from "node:sqlite";
import { StorageError, type CasResult, type TokenStorage } from "@bitbucket-auth/core";

const dayMs = 24 * 3_600_000;

export function createSqliteStorage(file: string): TokenStorage {
  const db = new DatabaseSync(file, { timeout: 2_000 });
  // WAL alone is durable up to the last checkpoint only: FULL makes every commit survive a power cut.
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, version TEXT NOT NULL, bytes BLOB,
      forgetAt INTEGER, deletion TEXT, wasLive INTEGER);
    CREATE TABLE IF NOT EXISTS lease (key TEXT PRIMARY KEY, owner TEXT, fence INTEGER, until INTEGER);
  `);
  // The storage itself removes what it may forget: expired entries, tombstones and leases after a day.
  db.prepare("DELETE FROM entry WHERE forgetAt <= ?").run(Date.now());
  db.prepare("DELETE FROM lease WHERE until <= ?").run(Date.now() - dayMs);

  const read = (key: string) => db.prepare("SELECT * FROM entry WHERE key = ?").get(key);
  const guarded = <T>(signal: AbortSignal | undefined, texts: readonly string[], use: () => T): T => {
    if (signal?.aborted) throw new StorageError("The call was aborted before it began.");
    if (texts.some((text) => /[\0\p{Surrogate}]/u.test(text)))
      throw new StorageError("A key, version or owner holds NUL or a lone surrogate.", {
        action: "fix_config",
      });
    try {
      return use();
    } catch (cause) {
      throw new StorageError(`${file} could not be read or written.`, { cause });
    }
  };

  return {
    caps: { lease: "host", watch: false, list: true, durable: true },

    get: async (key, { signal } = {}) =>
      guarded(signal, [key], () => {
        const { version, bytes } = read(key) ?? {};
        return ArrayBuffer.isView(bytes) ? { version: String(version), bytes: Uint8Array.from(bytes) } : null;
      }),

    // One statement decides: two writers cannot both find the version they expect.
    compareAndSwap: async (key, expected, bytes, { version, expireAt, signal }): Promise<CasResult> =>
      guarded(signal, [key, version], () => {
        const next = { key, version, bytes, forgetAt: expireAt ?? null };
        const { changes } =
          expected === null
            ? db
                .prepare(
                  `INSERT INTO entry (key, version, bytes, forgetAt) VALUES (:key, :version, :bytes, :forgetAt)
                   ON CONFLICT DO NOTHING`,
                )
                .run(next)
            : db
                .prepare(
                  `UPDATE entry SET version = :version, bytes = :bytes, forgetAt = :forgetAt
                   WHERE key = :key AND version = :expected`,
                )
                .run({ ...next, expected });
        if (changes === 1) return { ok: true };
        const stored = read(key);
        if (!stored) return { ok: false, current: null };
        const deleted = stored["bytes"] === null;
        if (stored["version"] === version && !deleted) return { ok: true };
        return { ok: false, current: String(stored["version"]), deleted };
      }),

    // A row without bytes is a tombstone. `deletion` and `wasLive` outlast it: a late repeat of the deletion finds its answer.
    delete: async (key, { signal, version = crypto.randomUUID() } = {}) =>
      guarded(signal, [key, version], () => {
        const [done = read(key)] = db
          .prepare(
            `INSERT INTO entry VALUES (:key, :version, NULL, :forgetAt, :version, 0) ON CONFLICT DO UPDATE
             SET wasLive = bytes IS NOT NULL, version = :version, bytes = NULL, forgetAt = :forgetAt,
             deletion = :version WHERE deletion IS NOT :version RETURNING wasLive`,
          )
          .all({ key, version, forgetAt: Date.now() + dayMs });
        return done?.["wasLive"] === 1;
      }),

    tryLease: async (key, { owner, ttlMs, signal }) =>
      guarded(signal, [key, owner], () => {
        const now = Date.now();
        // `all`, because `get` on RETURNING hides a commit that failed. A fence that starts at the clock grows after a purge.
        const [row] = db
          .prepare(
            `INSERT INTO lease VALUES (:key, :owner, :now, :until) ON CONFLICT DO UPDATE
             SET fence = iif(owner IS :owner AND until > :now, fence, max(fence + 1, :now)),
             owner = :owner, until = :until
             WHERE owner IS NULL OR owner = :owner OR until <= :now RETURNING fence`,
          )
          .all({ key, owner, now, until: now + ttlMs });
        if (!row) return null;
        const fence = Number(row["fence"]);
        const change = (sql: string, values: Record<string, number>): boolean =>
          guarded(undefined, [], () =>
            db
              .prepare(`UPDATE lease SET ${sql} AND key = :key AND owner = :owner AND fence = :fence`)
              .run({ key, owner, fence, ...values }),
          ).changes === 1;
        return {
          fence,
          async renew(renewedTtlMs) {
            const renewedAt = Date.now();
            const until = renewedAt + renewedTtlMs;
            return change("until = :until WHERE until > :renewedAt", { until, renewedAt });
          },
          release: async () => void change("owner = NULL WHERE true", {}),
        };
      }),

    async *list(prefix, { signal } = {}) {
      const live = db.prepare("SELECT key FROM entry WHERE bytes IS NOT NULL");
      for (const { key } of guarded(signal, [], () => live.all()))
        if (typeof key === "string" && key.startsWith(prefix)) yield key;
    },

    async close() {
      if (db.isOpen) db.close();
    },
  };
}
