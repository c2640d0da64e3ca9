import {
  type BitbucketAuthError,
  createMemoryStorage,
  type EncryptionKeys,
  isBitbucketAuthError,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createFileStorage, fileStoragePlaces } from "@bitbucket-auth/storage-file";
import { readStorageOptions, type Variables } from "./environment.js";
import { forReader } from "./failure.js";

/** Where the command line keeps its things, in words. */
export interface Places {
  readonly records: string;
  readonly key: string;
}

/** The storage of one command. */
export interface Place {
  readonly storage: TokenStorage;
  readonly places: Places;
}

const nowhere: Places = { records: "nowhere", key: "nowhere" };

/**
 * Opens the files. Touches nothing before the first call.
 *
 * `mayForget`: the command can do without a place. Containers of CI often have a user without a home, or with one that belongs to
 * another, and a credential in the environment, which needs no place to be kept in.
 */
export function openPlace(env: Variables, warn: (message: string) => void, mayForget: boolean): Place {
  const options = readStorageOptions(env);
  const tell = (reason: string): void => warn(`What Bitbucket answers is not kept. ${forReader(reason)}`);
  try {
    const { records, key = options.keyring ? "the keyring of this machine" : "nowhere" } =
      fileStoragePlaces(options);
    const files = createFileStorage({
      ...options,
      // A command is over before it matters that changes of others are noticed later.
      onWarning: ({ code, message }) => code === "watch_failed" || warn(message),
    });
    return { storage: mayForget ? yieldToMemory(files, tell) : files, places: { records, key } };
  } catch (error) {
    if (!mayForget || !isBitbucketAuthError(error) || error.code !== "invalid_options") throw error;
    return { storage: yieldToMemory(refusing(error), tell), places: nowhere };
  }
}

/**
 * A storage on files whose place may turn out to be unusable: then what is written is in memory and ends with the process. Only
 * while nothing was found in the files: a grant that was kept there would be renewed, and its newer tokens lost.
 */
export function yieldToMemory(files: TokenStorage, tell: (reason: string) => void): TokenStorage {
  const memory = createMemoryStorage();
  let chosen = files;
  let isFound = false;
  let reason: string | undefined;
  let isTold = false;
  let keys: EncryptionKeys | undefined;

  const ask = async <T>(call: (storage: TokenStorage) => Promise<T>, isRead = false): Promise<T> => {
    if (chosen === files) {
      try {
        return await call(files);
      } catch (error) {
        reason ??= whatIsUnusable(error, isRead);
        if (isFound || reason === undefined) throw error;
        chosen = memory;
      }
    }
    if (!isRead && reason !== undefined && !isTold) {
      isTold = true;
      tell(reason);
    }
    return call(memory);
  };

  return {
    caps: files.caps,
    async get(key, options) {
      const found = await ask((storage) => storage.get(key, options), true);
      isFound ||= found !== null && chosen === files;
      return found;
    },
    compareAndSwap: (key, expected, bytes, options) =>
      ask((storage) => storage.compareAndSwap(key, expected, bytes, options)),
    delete: (key, options) => ask((storage) => storage.delete(key, options)),
    tryLease: (key, options) => ask((storage) => storage.tryLease(key, options)),
    ownKeys: () => ask(async (storage) => (await storage.ownKeys?.()) ?? (keys ??= keysOfThisProcess())),
    async *list(prefix, options) {
      yield* chosen.list?.(prefix, options) ?? [];
    },
    watch: (key, onChange) => chosen.watch?.(key, onChange) ?? (() => {}),
    async close() {
      await Promise.all([files.close(), memory.close()]);
    },
  };
}

function keysOfThisProcess(): EncryptionKeys {
  return { current: "process", keys: { process: crypto.getRandomValues(new Uint8Array(32)) } };
}

/**
 * What is wrong with the place itself, `undefined` for other failures. A read fails by that only where this user cannot come to
 * it, so that nothing of theirs is there. Files that are open to others, or belong to another, are refused as everywhere.
 */
function whatIsUnusable(error: unknown, isRead: boolean): string | undefined {
  if (!isBitbucketAuthError(error) || error.action !== "fix_config") return undefined;
  const isPlace =
    error.code === "invalid_options" ||
    (error.code === "storage_failed" && (!isRead || cannotBeReached(error.cause)));
  return isPlace ? error.message : undefined;
}

/** By the code of the operating system: this user may not go to the directory, or there is none to go to. */
function cannotBeReached(cause: unknown): boolean {
  const code: unknown = typeof cause === "object" && cause !== null ? Reflect.get(cause, "code") : undefined;
  return code === "EACCES" || code === "ENOTDIR";
}

/** In place of files that have no place at all. */
function refusing(error: BitbucketAuthError): TokenStorage {
  const refuse = (): Promise<never> => Promise.reject(error);
  const caps = { lease: "host", watch: false, list: false, durable: true } as const;
  return {
    caps,
    get: refuse,
    compareAndSwap: refuse,
    delete: refuse,
    tryLease: refuse,
    close: async () => {},
  };
}
