import { StorageError, type CasResult, type Version } from "@bitbucket-auth/core";
import { wholeNumber, type SqlResult, type SqlValue } from "./clients/sql-connection.js";

/** Values by the names they have in a statement. */
export type NamedValues = Readonly<Record<string, SqlValue>>;

/** Sends a statement written with `:names`. */
export type Send = (text: string, values?: NamedValues) => Promise<SqlResult>;

/** What one page of a list lies between. */
export interface ListRange {
  /** The first text that can be listed, or the last one of the page before. */
  readonly from: string;
  /** Whether `from` itself was on the page before. */
  readonly isListed: boolean;
  /** The first text that comes after all that can be listed. Absent: there is none. */
  readonly before: string | undefined;
}

/**
 * What a storage does, in one dialect. Each may be repeated after a lost answer and then says what it said, or would have said,
 * the first time. Times are the database's, in epoch milliseconds.
 */
export interface SqlOperations {
  get(send: Send, id: string): Promise<{ bytes: Uint8Array; version: Version } | null>;
  swap(
    send: Send,
    write: {
      id: string;
      expected: Version | null;
      version: Version;
      bytes: Uint8Array;
      expires: number | null;
    },
  ): Promise<CasResult>;
  /** Answers whether a live entry was buried. */
  bury(send: Send, tombstone: { id: string; version: Version }): Promise<boolean>;
  /** Answers the fence, or `null` when another owner holds the lease. */
  takeLease(send: Send, wanted: { id: string; owner: string; ttl: number }): Promise<number | null>;
  renewLease(send: Send, held: { id: string; owner: string; fence: number; ttl: number }): Promise<boolean>;
  releaseLease(send: Send, held: { id: string; owner: string; fence: number }): Promise<void>;
  /** One page of keys, in the order of their code points. */
  list(send: Send, range: ListRange): Promise<string[]>;
  /** Removes a page of what may be forgotten; answers whether there may be more. */
  purge(send: Send): Promise<boolean>;
}

/** Rows of one page, of a list or of what is removed. */
export const pageSize = 500;

/** How long a tombstone and a lapsed lease are kept. */
export const rememberedMs: number = 24 * 3_600_000;

/** One page of keys. The same text for every dialect. */
export function listStatement(entry: string, { isListed, before }: ListRange): string {
  return (
    `SELECT id FROM ${entry} WHERE id${isListed ? ">" : ">="}:from ${before === undefined ? "" : "AND id<:before "}` +
    `AND bytes IS NOT NULL ORDER BY id LIMIT ${pageSize}`
  );
}

/** The values of `listStatement`. */
export function listValues({ from, before }: ListRange): NamedValues {
  return before === undefined ? { from } : { from, before };
}

/** Reads `version, bytes`. */
export function entryIn({ rows: [row] }: SqlResult): { bytes: Uint8Array; version: Version } | null {
  return row ? { version: asText(row[0]), bytes: asBytes(row[1]) } : null;
}

/** Reads `version, bytes IS NULL`, as it stands after an attempt to write `version`. */
export function swapResult({ rows: [row] }: SqlResult, version: Version): CasResult {
  if (!row) return { ok: false, current: null };
  const current = asText(row[0]);
  const deleted = asFlag(row[1]);
  if (current === version && !deleted) return { ok: true };
  return { ok: false, current, ...(deleted && { deleted: true }) };
}

/** A text, however the client hands it out. MySQL keeps texts as bytes, so that no collation touches them. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : new TextDecoder().decode(asBytes(value));
}

/** Bytes, however the client hands them out; always a copy. */
export function asBytes(value: unknown): Uint8Array {
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  // Note: judged by its tag, because a buffer may come from another realm. libsql hands these out, D1 lists of numbers.
  if (isArrayBuffer(value)) return new Uint8Array(value).slice();
  if (Array.isArray(value)) return Uint8Array.from(value, Number);
  throw unexpected();
}

function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === "[object ArrayBuffer]";
}

/** A truth value: `true`, or the 1 of a database that has none. */
export function asFlag(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  return asNumber(value) === 1;
}

/** A whole number, however the client hands it out. */
export function asNumber(value: unknown): number {
  const number = wholeNumber(value);
  if (number === undefined) throw unexpected();
  return number;
}

function unexpected(): StorageError {
  return new StorageError(
    "The SQL client answered something that the database did not send. Leave values as the driver gives them.",
    { action: "fix_config" },
  );
}
