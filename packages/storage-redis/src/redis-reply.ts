import { Buffer } from "node:buffer";
import { StorageError, type CasResult, type Version } from "@bitbucket-auth/core";

/** Reads text, which clients give as bytes, or a number, by the client's type mapping; `null` for nil. */
export function asText(reply: unknown): string | null {
  if (reply === null) return null;
  if (typeof reply === "string" || typeof reply === "number") return String(reply);
  if (ArrayBuffer.isView(reply))
    return Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength).toString();
  throw unexpected();
}

/** Reads "version and data": an entry, or `null` where there is none or a tombstone. The bytes are a copy. */
export function asEntry(reply: unknown): { bytes: Uint8Array; version: Version } | null {
  const [version, data] = asList(reply);
  const text = asText(version);
  if (text === null || data === null) return null;
  // By shape: under jest a Buffer of Node is no `Uint8Array` of the test's realm.
  if (ArrayBuffer.isView(data)) {
    return { bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(), version: text };
  }
  throw unexpected();
}

/** Reads the answer to a compare-and-swap: 1, or what stands in the way and whether it lives. */
export function asCasResult(reply: unknown): CasResult {
  if (reply === 1 || reply === "1") return { ok: true };
  const [version, live] = asList(reply);
  const current = asText(version);
  return { ok: false, current, ...(current !== null && asText(live) === "0" && { deleted: true }) };
}

/** Reads a list. */
export function asList(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected();
}

function unexpected(): StorageError {
  return new StorageError(
    "The Redis client gave something that Redis did not send. Use node-redis or ioredis 5 or later.",
    { action: "fix_config" },
  );
}
