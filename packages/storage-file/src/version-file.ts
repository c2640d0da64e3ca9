import { createHash } from "node:crypto";
import type { Version } from "@bitbucket-auth/core";
import { parseJsonObject } from "./parse-json.js";

/** What one version of an entry says. */
export interface VersionEntry {
  readonly version: Version;
  /** The versions this one was built on, latest first: how a writer that was overtaken learns that it had its turn. */
  readonly ancestors: readonly Version[];
  /** `damaged` stands where a file could not be read any more, so that its loss is not mistaken for a fresh start. */
  readonly state: "live" | "deleted" | "damaged";
  /** Empty unless live. */
  readonly bytes: Uint8Array;
}

const format = "bitbucket-auth-1";

/** The text of a version file: the key, the version and a checksum are in it, so that a torn or foreign file shows. */
export function formatVersionFile(key: string, { version, ancestors, state, bytes }: VersionEntry): string {
  const content = { format, key, version, ancestors, state, bytes: Buffer.from(bytes).toString("base64") };
  return JSON.stringify({ ...content, sha256: checksum(content) });
}

/** Reads the version of a key back. `null`: torn, changed, of another key, or not one of ours. */
export function parseVersionFile(key: string, text: string): VersionEntry | null {
  const found = parseAnyVersionFile(text);
  return found?.key === key ? found.entry : null;
}

/** Reads a version back, whatever its key. */
export function parseAnyVersionFile(
  text: string,
): { readonly key: string; readonly entry: VersionEntry } | null {
  const { sha256, ...content } = parseJsonObject(text) ?? {};
  const { format: foundFormat, key, version, ancestors, state, bytes } = content;
  if (sha256 !== checksum(content) || foundFormat !== format) return null;
  if (typeof key !== "string" || typeof version !== "string" || typeof bytes !== "string") return null;
  if (state !== "live" && state !== "deleted" && state !== "damaged") return null;
  if (!Array.isArray(ancestors) || !ancestors.every((ancestor) => typeof ancestor === "string")) return null;
  return { key, entry: { version, ancestors, state, bytes: Uint8Array.from(Buffer.from(bytes, "base64")) } };
}

function checksum(content: object): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
