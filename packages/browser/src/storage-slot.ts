import { StorageError } from "@bitbucket-auth/core";
import type { StateStorage } from "./state-storage.js";

/** One entry of a storage. Where the storage is forbidden, full or absent, each of these throws `StorageError`. */
export interface StorageSlot {
  /** Empty when there is nothing. */
  read(): string;
  /** An empty text takes the entry away. */
  write(text: string): void;
}

/**
 * The entry under this key of a storage that is looked for at each use, so that it can be named where there is no page. Without
 * one, an entry that keeps nothing.
 */
export function storageSlot(area: (() => StateStorage) | undefined, key: string): StorageSlot {
  return {
    read: () => ask(() => area?.().getItem(key)) ?? "",
    write: (text) => ask(() => (text ? area?.().setItem(key, text) : area?.().removeItem(key))),
  };
}

function ask<T>(call: () => T): T {
  try {
    return call();
  } catch {
    // What was thrown may hold the value.
    throw new StorageError("Nothing can be stored: allow site data.", {
      action: "fix_config",
    });
  }
}
