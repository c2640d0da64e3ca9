import { createHash } from "node:crypto";
import type { Version } from "@bitbucket-auth/core";
import { parseJsonObject } from "./file-system.js";

/** What one version of an entry says. */
export interface VersionEntry {
  readonly version: Version;
  /** The versions this one was built on, latest first: how a writer that was overtaken learns that it had its turn. */
  readonly ancestors: readonly Version[];
  /** The deletions of this entry, latest first, so that a repeat of one answers as it did and deletes nothing newer. */
  readonly deletions: readonly Deletion[];
  /** `damaged` stands where a file could not be read any more, so that its loss is not mistaken for a fresh start. */
  readonly state: "live" | "deleted" | "damaged";
  /** Empty unless live. */
  readonly bytes: Uint8Array;
}

/** A deletion, and what it answered: whether there was an entry to delete. */
export interface Deletion {
  readonly version: Version;
  readonly wasThere: boolean;
}

const format = "bitbucket-auth-1";

/** The text of a version file: the key, the version and a checksum are in it, so that a torn or foreign file shows. */
export function formatVersionFile(
  key: string,
  { version, ancestors, deletions, state, bytes }: VersionEntry,
): string {
  const content = {
    format,
    key,
    version,
    ancestors,
    state,
    bytes: Buffer.from(bytes).toString("base64"),
    ...(deletions.length > 0 && { deletions }),
  };
  return JSON.stringify({ ...content, sha256: checksum(content) });
}

/** Reads the version of a key back. `null`: torn, changed, of another key, or in another format. */
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
  const deletions = content["deletions"] ?? [];
  if (sha256 !== checksum(content) || foundFormat !== format) return null;
  if (typeof key !== "string" || typeof version !== "string" || typeof bytes !== "string") return null;
  if (state !== "live" && state !== "deleted" && state !== "damaged") return null;
  if (!Array.isArray(ancestors) || !ancestors.every((ancestor) => typeof ancestor === "string")) return null;
  if (!Array.isArray(deletions) || !deletions.every(isDeletion)) return null;
  const decoded = new Uint8Array(Buffer.from(bytes, "base64"));
  return { key, entry: { version, ancestors, deletions, state, bytes: decoded } };
}

function isDeletion(found: unknown): found is Deletion {
  if (typeof found !== "object" || found === null) return false;
  return (
    typeof Reflect.get(found, "version") === "string" && typeof Reflect.get(found, "wasThere") === "boolean"
  );
}

function checksum(content: object): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
