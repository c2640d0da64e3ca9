import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TokenStorage } from "@bitbucket-auth/core";
import { onTestFinished, expect } from "vitest";
import { type Surroundings, createFileStorage } from "../src/file-storage.ts";
import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";
import { currentProcess } from "../src/lease.ts";
import { entryDirectoryName } from "../src/paths.ts";
import type { FileAccess } from "../src/private-access.ts";
import type { FileStorageWarning } from "../src/warning.ts";

/** A Linux machine whose home is `home`. */
export function surroundingsIn(home: string, changed: Partial<Surroundings> = {}): Surroundings {
  return {
    platform: "linux",
    env: {},
    home: () => home,
    fs: nodeFileSystem,
    self: currentProcess(),
    openKeyringEntry: () => Promise.reject(new Error("no keyring in this test")),
    ...changed,
  };
}

/** How a storage uses this file system, when nothing is said. */
export function accessTo(fs: FileSystem = nodeFileSystem, changed: Partial<FileAccess> = {}): FileAccess {
  return { fs, allowGroup: false, directories: [], onUnflushed: () => {}, ...changed };
}

/** A directory (0700) that goes when the test ends. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "storage-file-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

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
