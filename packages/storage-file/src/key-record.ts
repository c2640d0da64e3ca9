import { randomBytes } from "node:crypto";
import type { EncryptionKeys } from "@bitbucket-auth/core";
import { parseJsonObject } from "./parse-json.js";

const format = "bitbucket-auth-key-1";

/** A fresh key of 32 random bytes, as text to keep. */
export function newKeyRecord(): string {
  const id = `own-${randomBytes(4).toString("hex")}`;
  return JSON.stringify({ format, current: id, keys: { [id]: randomBytes(32).toString("base64") } });
}

/** Reads it back. `null`: it is not a key record, or a key in it is not one of 32 bytes. */
export function parseKeyRecord(text: string): EncryptionKeys | null {
  const { format: foundFormat, current, keys } = parseJsonObject(text) ?? {};
  if (foundFormat !== format || typeof current !== "string" || typeof keys !== "object" || keys === null)
    return null;
  const decoded = Object.entries(keys).map(([id, key]): [string, Uint8Array] => [
    id,
    typeof key === "string" ? Uint8Array.from(Buffer.from(key, "base64")) : new Uint8Array(),
  ]);
  const isSound = decoded.every(([, key]) => key.length === 32) && decoded.some(([id]) => id === current);
  return isSound ? { current, keys: Object.fromEntries(decoded) } : null;
}
