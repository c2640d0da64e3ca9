import { StorageError } from "@bitbucket-auth/core";
import type { StateStorage } from "./state-storage.js";

/** One entry of a storage. Where the storage is forbidden, full or absent, each of these throws `StorageError`. */
export interface StorageSlot {
  /** Empty when there is nothing. */
  read(): string;
  /** An empty text takes the entry away. */
  write(text: string): void;
}

/** The entry under this key; without a storage, one that keeps nothing. */
export function storageSlot(storage: StateStorage | undefined, key: string): StorageSlot {
  return {
    read: () => ask(() => storage?.getItem(key)) ?? "",
    write: (text) => ask(() => (text ? storage?.setItem(key, text) : storage?.removeItem(key))),
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
