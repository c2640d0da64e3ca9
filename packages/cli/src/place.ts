import {
  type BitbucketAuthError,
  createMemoryStorage,
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

/**
 * Opens the files. Touches nothing before the first call.
 *
 * `mayForget`: the command can do without a place. Containers of CI often have a user without a home, or with one that belongs to
 * another, and a credential in the environment, which needs no place to be kept in.
 */
export function openPlace(env: Variables, warn: (message: string) => void, mayForget: boolean): Place {
  const options = readStorageOptions(env);
  const tell = (reason: string): void => warn(`Nothing is kept. ${reason}`);
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
    if (!mayForget) throw error;
    const refuse = (): Promise<never> => Promise.reject(error);
    const files = { ...createMemoryStorage(), get: refuse, compareAndSwap: refuse, tryLease: refuse };
    return { storage: yieldToMemory(files, tell), places: { records: "nowhere", key: "nowhere" } };
  }
}

/**
 * A storage on files whose place may turn out to be unusable: then what is written is in memory and ends with the process. Only
 * while nothing was found in the files: a grant that was kept there would be renewed, and its newer tokens lost.
 */
export function yieldToMemory(files: TokenStorage, tell: (reason: string) => void): TokenStorage {
  const keys = { process: crypto.getRandomValues(new Uint8Array(32)) };
  const memory = { ...createMemoryStorage(), ownKeys: async () => ({ current: "process", keys }) };
  let chosen = files;
  let isFound = false;
  let reason = "";

  const ask = async <T>(call: (storage: TokenStorage) => Promise<T>, isRead = false): Promise<T> => {
    try {
      if (chosen === files) return await call(files);
    } catch (error) {
      if (isFound || !isUnusable(error, isRead)) throw error;
      if (chosen === files) reason = error.message;
      chosen = memory;
    }
    if (!isRead && reason) {
      tell(forReader(reason));
      reason = "";
    }
    return call(memory);
  };

  return {
    // Notices of changes stay those of the files: they are hints. Nothing is listed or deleted by a command that only asks for a token.
    ...files,
    async get(key, options) {
      const found = await ask((storage) => storage.get(key, options), true);
      isFound ||= found !== null && chosen === files;
      return found;
    },
    compareAndSwap: (...call) => ask((storage) => storage.compareAndSwap(...call)),
    tryLease: (...call) => ask((storage) => storage.tryLease(...call)),
    ownKeys: () => ask((storage) => storage.ownKeys?.() ?? memory.ownKeys()),
  };
}

/**
 * Whether the place itself is at fault. A read fails by that only where this user cannot come to it, so that nothing of theirs
 * is there. Files that are open to others, or belong to another, are refused as everywhere.
 */
function isUnusable(error: unknown, isRead: boolean): error is BitbucketAuthError {
  if (!isBitbucketAuthError(error) || error.action !== "fix_config") return false;
  const { code, cause } = error;
  // By the code of the operating system: this user may not go to the directory, or there is none to go to.
  const cannotBeReached = /^EACCES$|^ENOTDIR$/.test(String(Reflect.get(Object(cause), "code")));
  return !isRead || cannotBeReached || code === "invalid_options";
}
