import { utimes } from "node:fs/promises";
import { join } from "node:path";
import type { TokenStorage } from "@bitbucket-auth/core";
import { expect } from "vitest";
import { entryDirectoryName } from "../src/file-name.ts";
import { createFileStorage } from "../src/file-storage.ts";
import type { FileStorageWarning } from "../src/warning.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A storage with one entry. */
export interface Subject {
  readonly storage: TokenStorage;
  /** The directory of the entry `k`, which has the versions v1 and v2. */
  readonly entry: string;
  readonly warnings: FileStorageWarning[];
}

/** An entry that was written twice. */
export async function twoVersions(): Promise<Subject> {
  const directory = await temporaryDirectory();
  const warnings: FileStorageWarning[] = [];
  const storage = createFileStorage({ directory, onWarning: (warning) => warnings.push(warning) });
  await storage.compareAndSwap("k", null, bytes("one"), { version: "v1" });
  await storage.compareAndSwap("k", "v1", bytes("two"), { version: "v2" });
  return { storage, entry: join(directory, "tokens", entryDirectoryName("k")), warnings };
}

/** Ages the version before the newest. */
export async function age(entry: string, minutes: number): Promise<void> {
  const then = Date.now() / 1000 - minutes * 60;
  await utimes(join(entry, "1.json"), then, then);
}

/** There is nothing to fall back on. */
export const signInAgain: unknown = expect.objectContaining({
  code: "storage_failed",
  action: "reauthorize",
});
