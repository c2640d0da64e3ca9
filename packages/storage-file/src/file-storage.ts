import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  InvalidOptionsError,
  StorageError,
  type EncryptionKeys,
  type Logger,
  type OpOptions,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createPlace, once } from "./atomic-file.js";
import { createChangeNotices } from "./change-notices.js";
import { loadKeyFile, loadKeyringKey, openNativeEntry, type OpenKeyringEntry } from "./encryption-key.js";
import { asStorageError, boundedCall, nodeFileSystem, type FileSystem } from "./file-system.js";
import { currentProcess, tryFileLease, type ProcessIdentity } from "./lease.js";
import { assertWellFormed, entryDirectoryName, storageDirectories, type Machine } from "./paths.js";
import {
  anyForeignBit,
  checkPrivateDirectory,
  ensurePrivateDirectory,
  foreignWriteBits,
  type FileAccess,
} from "./private-access.js";
import { buryEntry, liveKeyIn, readNewest, writeVersion, type EntryFiles } from "./versions.js";
import { createWarn, type FileStorageWarning } from "./warning.js";

/** Options of `createFileStorage`. */
export interface FileStorageOptions {
  /**
   * Where records are kept. It must belong to the user and be closed to others (0700); it is made when it is not there.
   * Default: the data directory that the platform gives to `appName`.
   */
  readonly directory?: string | undefined;
  /**
   * Where the encryption key is kept, apart from the records: in a container, a second volume or a mounted secret.
   * Default: the configuration directory that the platform gives to `appName`.
   */
  readonly keyDirectory?: string | undefined;
  /** The name of your program, as a directory name. Also names the default place of the key. @default "bitbucket-auth" */
  readonly appName?: string | undefined;
  /**
   * Keeps the encryption key in the OS keyring instead of a file, through the optional package `@napi-rs/keyring`. The
   * keyring holds the key alone. When it cannot be used, calls reject; there is no silent fallback to a file.
   */
  readonly keyring?: boolean | undefined;
  /**
   * Accepts permissions of a group that this process belongs to, which Kubernetes sets at each mount (`fsGroup`). Every
   * process of that group can then read and replace the records and the key. @default false
   */
  readonly allowGroup?: boolean | undefined;
  /** `true` writes warnings to the console, `false` nowhere. Without this, a `logger` or `onWarning` they go to `process.emitWarning`. */
  readonly logging?: boolean | undefined;
  /** Where warnings go. Never a token or a key, only paths. */
  readonly logger?: Logger | undefined;
  /** Called with each warning: a damaged file that was set aside, a key that was made beside existing records. */
  readonly onWarning?: ((warning: FileStorageWarning) => void) | undefined;
}

/**
 * Keeps records in files that only you can read, for any number of processes of one host.
 *
 * A write is on disk when it resolves, also after a power cut, and a reader sees the old record or the new one. The lease of
 * a process that is gone is free at once. Records are encrypted with a key of this storage's own when
 * `createBitbucketAuth` is given none; the key lies apart from them, in the config directory.
 *
 * Throws `InvalidOptionsError` for an option that it does not know or cannot use, and when there is no home directory to keep
 * records in. Nothing is touched before the first call. Calls reject with `StorageError`; where waiting does not help its
 * `action` is `fix_config` and its message holds the command that corrects it.
 *
 * @example
 * const auth = createBitbucketAuth({ storage: createFileStorage({ appName: "my-app" }) });
 */
export function createFileStorage(options: FileStorageOptions = {}): TokenStorage {
  return openFileStorage(options, {
    platform: process.platform,
    env: process.env,
    home: homedir,
    fs: nodeFileSystem,
    self: currentProcess(),
    openKeyringEntry: openNativeEntry,
  });
}

/** Where a file storage keeps records and key, as absolute paths. */
export interface FileStoragePlaces {
  /** The directory of the records. */
  readonly records: string;
  /** The directory of the encryption key; `undefined` with `keyring`, or where there is no home to keep it in. */
  readonly key: string | undefined;
}

/**
 * The places of the storage that `createFileStorage()` makes of the same options, for a program that tells its user. Touches
 * nothing; throws `InvalidOptionsError` as `createFileStorage()` does.
 */
export function fileStoragePlaces(options: FileStorageOptions = {}): FileStoragePlaces {
  assertOptions(options);
  const { appName = "bitbucket-auth", directory, keyDirectory, keyring = false } = options;
  const machine = { platform: process.platform, env: process.env, home: homedir };
  const { records, key } = storageDirectories({ appName, directory, keyDirectory }, machine);
  return { records, key: "path" in key && !keyring ? key.path : undefined };
}

/** The surroundings of a storage, replaced in tests. */
export interface Surroundings extends Machine {
  readonly fs: FileSystem;
  readonly self: ProcessIdentity;
  readonly openKeyringEntry: OpenKeyringEntry;
}

/** Puts a file storage together from its options and its surroundings. */
export function openFileStorage(options: FileStorageOptions, surroundings: Surroundings): TokenStorage {
  assertOptions(options);
  const { appName = "bitbucket-auth", keyring = false, allowGroup = false } = options;
  const { directory, keyDirectory } = options;
  const { fs, self, openKeyringEntry } = surroundings;
  const { records: root, key: keyPlace } = storageDirectories(
    { appName, directory, keyDirectory },
    surroundings,
  );
  const tokens = join(root, "tokens");
  const warn = createWarn(options);
  const notices = createChangeNotices(warn);
  let closed = false;

  let isToldOfFlush = false;
  const onUnflushed = (path: string): void => {
    if (isToldOfFlush) return;
    isToldOfFlush = true;
    warn({ code: "no_flush", path, message: withoutFlush(path) });
  };
  const access: FileAccess = {
    fs,
    allowGroup,
    directories: [
      { path: root, forbidden: anyForeignBit },
      ...("path" in keyPlace && !keyring ? [{ path: keyPlace.path, forbidden: foreignWriteBits }] : []),
    ],
    onUnflushed,
  };
  // Note: drafts lie below the directory of the records, which may be a mount of its own.
  const place = createPlace(access, tokens, () => {
    warn({ code: "no_hard_links", path: tokens, message: withoutLinks(tokens) });
  });

  /** What is stored under a key, for reading: nothing is made, so that a full disk can be read. */
  const foundFiles = async (key: string): Promise<EntryFiles> => {
    for (const each of [root, tokens]) await checkPrivateDirectory(access, each);
    return { place, key, directory: join(tokens, entryDirectoryName(key)) };
  };
  const madeFiles = async (key: string): Promise<EntryFiles> => {
    const entry = join(tokens, entryDirectoryName(key));
    for (const each of [root, tokens, entry]) await ensurePrivateDirectory(access, each);
    return { place, key, directory: entry };
  };
  /** The names in the directory of the records: entries, and what else there may be. */
  const namesOfEntries = async (): Promise<readonly string[]> => {
    for (const each of [root, tokens]) if (!(await checkPrivateDirectory(access, each))) return [];
    return fs.readdir(tokens);
  };

  /** Looks for records that a new key does not open. A failure to look is left to the call that needs the records. */
  const tellNewKey = async (where: string): Promise<void> => {
    try {
      for (const name of await namesOfEntries()) {
        if ((await liveKeyIn(access, join(tokens, name))) === null) continue;
        return warn({ code: "new_key", path: where, message: newKeyBesideRecords(where, tokens) });
      }
    } catch {}
  };
  const keys = once(async (): Promise<EncryptionKeys> => {
    if (keyring) {
      const leases = join(root, "keyring");
      const leasePlace = createPlace(access, leases);
      const tryLease = async (ttlMs: number) => {
        for (const each of [root, leases]) await ensurePrivateDirectory(access, each);
        return tryFileLease({ place: leasePlace, directory: leases }, { owner: randomUUID(), ttlMs, self });
      };
      const onMade = (): Promise<void> => tellNewKey("the keyring of this machine");
      return loadKeyringKey(appName, { openEntry: openKeyringEntry, tryLease, onMade });
    }
    if ("error" in keyPlace) throw keyPlace.error;
    return loadKeyFile(access, keyPlace.path, tellNewKey);
  });

  const explained = <T>(use: () => Promise<T>, where: string = root): Promise<T> =>
    use().catch((error: unknown) => {
      throw asStorageError(error, where);
    });
  const call = <T>(bounds: OpOptions | undefined, use: () => Promise<T>, where?: string): Promise<T> => {
    if (!closed) return boundedCall(bounds ?? {}, () => explained(use, where));
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
      // Note: not `slice()`, which for a Buffer copies nothing.
      const copy = new Uint8Array(bytes);
      return call(bounds, async () => {
        assertWellFormed("version", version);
        const files = await madeFiles(key);
        return writeVersion(files, expected, { version, state: "live", bytes: copy }, warn);
      });
    },

    delete: (key, { version = randomUUID(), ...bounds } = {}) =>
      call(bounds, async () => {
        assertWellFormed("version", version);
        return buryEntry(await madeFiles(key), version, warn);
      }),

    tryLease: (key, { owner, ttlMs, ...bounds }) =>
      call(bounds, async () => {
        assertWellFormed("owner", owner);
        const lease = await tryFileLease(await madeFiles(key), { owner, ttlMs, self });
        if (!lease) return null;
        return {
          fence: lease.fence,
          renew: (renewedTtlMs) => explained(() => lease.renew(renewedTtlMs)),
          release: () => explained(() => lease.release()),
        };
      }),

    async *list(prefix, bounds) {
      for (const name of await call(bounds, namesOfEntries)) {
        const key = await call(bounds, () => liveKeyIn(access, join(tokens, name)));
        if (key?.startsWith(prefix)) yield key;
      }
    },

    watch: (key, onChange) =>
      notices.listen(
        join(tokens, entryDirectoryName(key)),
        async () => void (await madeFiles(key)),
        onChange,
      ),

    ownKeys: () => call(undefined, () => keys.get(), "path" in keyPlace && !keyring ? keyPlace.path : root),

    async close() {
      closed = true;
      notices.close();
    },
  };
}

const optionNames: readonly string[] = Object.keys({
  directory: true,
  keyDirectory: true,
  appName: true,
  keyring: true,
  allowGroup: true,
  logging: true,
  logger: true,
  onWarning: true,
} satisfies Record<keyof FileStorageOptions, true>);

/** Callers without types pass a path, `null`, or an option of another storage. */
function assertOptions(options: unknown): asserts options is object {
  if (typeof options !== "object" || options === null) {
    throw new InvalidOptionsError(
      "The options are an object: createFileStorage({ directory: '/a/path' }), or nothing at all.",
    );
  }
  for (const name of Object.keys(options)) {
    if (optionNames.includes(name)) continue;
    throw new InvalidOptionsError(
      `createFileStorage() has no option \`${name}\`. It takes: ${optionNames.join(", ")}.`,
    );
  }
  const { keyring, allowGroup, logging, logger, onWarning }: FileStorageOptions = options;
  for (const [name, given] of Object.entries({ keyring, allowGroup, logging })) {
    if (given === undefined || typeof given === "boolean") continue;
    throw new InvalidOptionsError(`\`${name}\` must be true or false.`);
  }
  if (logger !== undefined && (typeof logger !== "object" || logger === null)) {
    throw new InvalidOptionsError("`logger` must be an object with a method `warn`, such as `console`.");
  }
  if (onWarning !== undefined && typeof onWarning !== "function") {
    throw new InvalidOptionsError("`onWarning` must be a function.");
  }
}

function withoutLinks(directory: string): string {
  return (
    `The file system of ${directory} has no hard links, so a process killed while it writes can leave a damaged file. ` +
    "A directory on a disk of this machine is safer."
  );
}

function withoutFlush(path: string): string {
  return (
    `The file system of ${path} cannot flush to the disk, so the newest tokens may be lost in a power cut. ` +
    "A directory on a disk of this machine is safer."
  );
}

function newKeyBesideRecords(where: string, tokens: string): string {
  return (
    `A new encryption key was made in ${where}, but ${tokens} already holds records, which it does not open. ` +
    "If the key was lost (a container keeps nothing outside its volumes), restore it, or sign in again."
  );
}

function damaged(key: string): StorageError {
  return new StorageError(
    `The token file of ${JSON.stringify(key)} was damaged and is set aside; there is nothing to fall back on. Sign in again.`,
    { action: "reauthorize" },
  );
}
