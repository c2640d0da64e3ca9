import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { StorageError, type EncryptionKeys, type OpOptions, type TokenStorage } from "@bitbucket-auth/core";
import { boundedCall } from "./bounded-call.js";
import { createChangeNotices } from "./change-notices.js";
import { appDirectories, chosenDirectory, type Machine } from "./data-directory.js";
import { createPlace } from "./draft.js";
import { asStorageError } from "./file-error.js";
import { tryFileLease } from "./file-lease.js";
import { entryDirectoryName } from "./file-name.js";
import type { FileStorageOptions } from "./file-storage-options.js";
import type { FileSystem } from "./file-system.js";
import { loadKeyFile } from "./key-file.js";
import { loadKeyringKey, type OpenKeyringEntry } from "./keyring-key.js";
import { liveKeyIn } from "./list-keys.js";
import { once } from "./once.js";
import { checkPrivateDirectory, ensurePrivateDirectory } from "./private-access.js";
import type { ProcessIdentity } from "./process-identity.js";
import type { EntryFiles } from "./publish-version.js";
import { readNewest } from "./read-version.js";
import { createWarn } from "./warning.js";
import { buryEntry, writeVersion } from "./write-version.js";

/** The surroundings of a storage, replaced in tests. */
export interface Surroundings extends Machine {
  readonly fs: FileSystem;
  readonly self: ProcessIdentity;
  readonly openKeyringEntry: OpenKeyringEntry;
}

/** Puts a file storage together from its options and its surroundings. */
export function openFileStorage(options: FileStorageOptions, surroundings: Surroundings): TokenStorage {
  const { appName = "bitbucket-auth", keyring = false } = options;
  const { fs, self, openKeyringEntry } = surroundings;
  const directories = appDirectories(appName, surroundings);
  const root = chosenDirectory(options.directory, directories.data);
  const tokens = join(root, "tokens");
  const warn = createWarn(options);
  const notices = createChangeNotices(warn);
  let closed = false;

  const place = createPlace(fs, root, () => {
    warn({ code: "no_hard_links", path: root, message: withoutLinks(root) });
  });

  /** What is stored under a key, for reading: nothing is made, so that a full disk can be read. */
  const foundFiles = async (key: string): Promise<EntryFiles> => {
    await checkPrivateDirectory(fs, root);
    await checkPrivateDirectory(fs, tokens);
    return { place, key, directory: join(tokens, entryDirectoryName(key)) };
  };
  const madeFiles = async (key: string): Promise<EntryFiles> => {
    const directory = join(tokens, entryDirectoryName(key));
    for (const each of [root, tokens, directory]) await ensurePrivateDirectory(fs, each);
    return { place, key, directory };
  };

  const keys = once(async (): Promise<EncryptionKeys> => {
    if (!keyring) return loadKeyFile(fs, directories.config);
    const directory = join(root, "keyring");
    const tryLease = async (ttlMs: number) => {
      for (const each of [root, directory]) await ensurePrivateDirectory(fs, each);
      return tryFileLease({ place, directory }, { owner: randomUUID(), ttlMs, self });
    };
    return loadKeyringKey(appName, { openEntry: openKeyringEntry, tryLease });
  });

  const explained = <T>(use: () => Promise<T>): Promise<T> =>
    use().catch((error: unknown) => {
      throw asStorageError(error, root);
    });
  const call = <T>(bounds: OpOptions | undefined, use: () => Promise<T>): Promise<T> => {
    if (!closed) return boundedCall(bounds ?? {}, () => explained(use));
    const message = "This file storage was closed. Create a new one.";
    return Promise.reject(new StorageError(message, { action: "fix_config" }));
  };

  return {
    caps: { lease: "host", watch: true, list: true, durable: true },

    get: (key, bounds) =>
      call(bounds, async () => {
        const newest = await readNewest(await foundFiles(key), warn);
        if (newest?.entry.state === "damaged") throw damaged(key);
        if (newest?.entry.state !== "live") return null;
        return { bytes: newest.entry.bytes, version: newest.entry.version };
      }),

    compareAndSwap: (key, expected, bytes, { version, ...bounds }) => {
      const copy = bytes.slice();
      return call(bounds, async () =>
        writeVersion(await madeFiles(key), expected, { version, state: "live", bytes: copy }, warn),
      );
    },

    delete: (key, { version = randomUUID(), ...bounds } = {}) =>
      call(bounds, async () => buryEntry(await madeFiles(key), version, warn)),

    tryLease: (key, { owner, ttlMs, ...bounds }) =>
      call(bounds, async () => {
        const lease = await tryFileLease(await madeFiles(key), { owner, ttlMs, self });
        if (!lease) return null;
        return {
          fence: lease.fence,
          renew: (renewedTtlMs) => explained(() => lease.renew(renewedTtlMs)),
          release: () => explained(() => lease.release()),
        };
      }),

    async *list(prefix, bounds) {
      const names = await call(bounds, async () => {
        const isThere = (await checkPrivateDirectory(fs, root)) && (await checkPrivateDirectory(fs, tokens));
        return isThere ? fs.readdir(tokens) : [];
      });
      for (const name of names) {
        const key = await call(bounds, () => liveKeyIn(fs, join(tokens, name)));
        if (key?.startsWith(prefix)) yield key;
      }
    },

    watch: (key, onChange) =>
      notices.listen(
        join(tokens, entryDirectoryName(key)),
        async () => void (await madeFiles(key)),
        onChange,
      ),

    ownKeys: () => call(undefined, () => keys.get()),

    async close() {
      closed = true;
      notices.close();
    },
  };
}

function withoutLinks(root: string): string {
  return (
    `The file system of ${root} has no hard links, so a process killed while it writes can leave a damaged file. ` +
    "A directory on a disk of this machine is safer."
  );
}

function damaged(key: string): StorageError {
  return new StorageError(
    `The token file of ${JSON.stringify(key)} was damaged and is set aside; there is nothing to fall back on. Sign in again.`,
    { action: "reauthorize" },
  );
}
