import type { AskSqlite } from "./clients/sqlite-clients.js";

/** A setting of a SQLite database that puts grants, or calls, at risk. */
export interface SqlStorageWarning {
  readonly code: "not_durable" | "no_busy_timeout";
  readonly level: "warning";
  readonly message: string;
}

/**
 * Looks once at the settings of a database file.
 *
 * Note: settings belong to a connection. better-sqlite3 opens an existing file in WAL mode with `synchronous=NORMAL`.
 */
export function warnAboutSettings(ask: AskSqlite, onWarning: (warning: SqlStorageWarning) => void): void {
  const setting = (name: string): number => Number(ask(`PRAGMA ${name}`)[0]?.[0]);
  if (setting("synchronous") < 2) {
    onWarning({
      code: "not_durable",
      level: "warning",
      message:
        "SQLite may lose the last tokens in a power cut, and their users must then sign in again. Run PRAGMA synchronous = FULL on this connection.",
    });
  }
  if (setting("busy_timeout") === 0) {
    onWarning({
      code: "no_busy_timeout",
      level: "warning",
      message:
        "SQLite does not wait for another writer, so that a busy file starves some callers. Run PRAGMA busy_timeout = 500 on this connection.",
    });
  }
}

/** Tells the process, where there is one to tell. */
export function warnProcess({ code, message }: SqlStorageWarning): void {
  const process: unknown = Reflect.get(globalThis, "process");
  if (typeof process !== "object" || process === null) return;
  const emitWarning: unknown = Reflect.get(process, "emitWarning");
  if (typeof emitWarning === "function")
    Reflect.apply(emitWarning, process, [message, { type: "BitbucketAuthWarning", code }]);
}
