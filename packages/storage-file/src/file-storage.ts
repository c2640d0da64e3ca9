import { homedir } from "node:os";
import { InvalidOptionsError, type TokenStorage } from "@bitbucket-auth/core";
import type { FileStorageOptions } from "./file-storage-options.js";
import { nodeFileSystem } from "./file-system.js";
import { openNativeEntry } from "./keyring-key.js";
import { openFileStorage } from "./open-file-storage.js";
import { currentProcess } from "./process-identity.js";

/**
 * Keeps records in files that only you can read, for any number of processes of one host.
 *
 * A write is on disk when it resolves, also after a power cut, and a reader sees the old record or the new one. The lease of
 * a process that is gone is free at once. Records are encrypted with a key of this storage's own when
 * `createBitbucketAuth` is given none; the key lies apart from them, in the config directory.
 *
 * Nothing is touched before the first call. Calls reject with `StorageError`; where waiting does not help its `action` is
 * `fix_config` and its message holds the command that mends it.
 *
 * @example
 * const auth = createBitbucketAuth({ storage: createFileStorage({ appName: "my-app" }) });
 */
export function createFileStorage(options: FileStorageOptions = {}): TokenStorage {
  // Note: callers without types pass a path, or null.
  if (typeof options !== "object" || options === null) {
    throw new InvalidOptionsError(
      "The options are an object: createFileStorage({ directory: '/a/path' }), or nothing at all.",
    );
  }
  return openFileStorage(options, {
    platform: process.platform,
    env: process.env,
    home: homedir(),
    fs: nodeFileSystem,
    self: currentProcess(),
    openKeyringEntry: openNativeEntry,
  });
}
