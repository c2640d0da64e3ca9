import { DatabaseSync } from "node:sqlite";
import { StorageError, type CasResult, type TokenStorage } from "@bitbucket-auth/core";

export function createSqliteStorage(file: string): TokenStorage {
  const db = new DatabaseSync(file, { timeout: 2_000 });
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, version TEXT NOT NULL, bytes BLOB);
    CREATE TABLE IF NOT EXISTS lease (key TEXT PRIMARY KEY, owner TEXT, fence INTEGER, until INTEGER);
  `);
  const read = (key: string) => db.prepare("SELECT version, bytes FROM entry WHERE key = ?").get(key);
  const guarded = <T>(signal: AbortSignal | undefined, use: () => T): T => {
    if (signal?.aborted) throw new StorageError("The call was aborted before it began.");
    try {
      return use();
    } catch (cause) {
      throw new StorageError(`${file} could not be read or written.`, { cause });
    }
  };

  return {
    caps: { lease: "host", watch: false, list: true, durable: true },

    get: async (key, { signal } = {}) =>
      guarded(signal, () => {
        const { version, bytes } = read(key) ?? {};
        return bytes instanceof Uint8Array
          ? { version: String(version), bytes: Uint8Array.from(bytes) }
          : null;
      }),

    // One statement decides: two writers cannot both find the version they expect.
    compareAndSwap: async (key, expected, bytes, { version, signal }): Promise<CasResult> =>
      guarded(signal, () => {
        const { changes } =
          expected === null
            ? db.prepare("INSERT INTO entry VALUES (?, ?, ?) ON CONFLICT DO NOTHING").run(key, version, bytes)
            : db
                .prepare("UPDATE entry SET version = ?, bytes = ? WHERE key = ? AND version = ?")
                .run(version, bytes, key, expected);
        const stored = read(key);
        if (changes === 1 || stored?.["version"] === version) return { ok: true };
        if (!stored) return { ok: false, current: null };
        return { ok: false, current: String(stored["version"]), deleted: stored["bytes"] === null };
      }),

    // A row without bytes is a tombstone.
    delete: async (key, { signal, version = crypto.randomUUID() } = {}) =>
      guarded(signal, () => {
        const wasLive = read(key)?.["bytes"] instanceof Uint8Array;
        db.prepare("INSERT OR REPLACE INTO entry VALUES (?, ?, NULL)").run(key, version);
        return wasLive;
      }),

    tryLease: async (key, { owner, ttlMs, signal }) =>
      guarded(signal, () => {
        const now = Date.now();
        const row = db
          .prepare(
            `INSERT INTO lease VALUES (:key, :owner, 1, :until) ON CONFLICT DO UPDATE
             SET fence = fence + (owner IS NOT :owner OR until <= :now), owner = :owner, until = :until
             WHERE owner IS NULL OR owner = :owner OR until <= :now RETURNING fence`,
          )
          .get({ key, owner, now, until: now + ttlMs });
        if (!row) return null;
        const fence = Number(row["fence"]);
        const change = (set: string, value: number | null): boolean =>
          guarded(undefined, () =>
            db
              .prepare(`UPDATE lease SET ${set} = ? WHERE key = ? AND owner = ? AND fence = ?`)
              .run(value, key, owner, fence),
          ).changes === 1;
        return {
          fence,
          renew: async (renewedTtlMs) => change("until", Date.now() + renewedTtlMs),
          release: async () => void change("owner", null),
        };
      }),

    async *list(prefix, { signal } = {}) {
      const keys = guarded(signal, () => db.prepare("SELECT key FROM entry WHERE bytes IS NOT NULL").all());
      for (const { key } of keys) if (typeof key === "string" && key.startsWith(prefix)) yield key;
    },

    async close() {
      if (db.isOpen) db.close();
    },
  };
}
