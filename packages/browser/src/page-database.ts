import { StorageError } from "@bitbucket-auth/core";

/** The two object stores of the database. Both use the record's key as their own, so one transaction covers both. */
export interface PageStores {
  readonly entries: IDBObjectStore;
  readonly leases: IDBObjectStore;
}

/** How a transaction is run. */
export interface TransactionOptions {
  /** Names the storage call in errors. */
  readonly operation: string;
  readonly mode: "readonly" | "readwrite";
  /** `true` waits until the browser has flushed the write to disk. */
  readonly flush?: boolean;
}

/** A database of this origin, opened on first use and again after the browser closed it. */
export interface PageDatabase {
  /** Whether the browser lets this page have no database at all: blocked site data, a sandboxed frame, no IndexedDB. */
  isRefused(): Promise<boolean>;
  /** Runs one transaction. When `work` or the commit fails nothing was changed. Rejects with `StorageError`. */
  run<T>(options: TransactionOptions, work: (stores: PageStores) => Promise<T>): Promise<T>;
  close(): void;
}

/** The index over the instants after which entries may be forgotten. */
export const expiryIndex = "expireAt";

/** What a browser throws that gives a page no database, by error name. Firefox uses `InvalidStateError` in some private windows. */
const refusals: readonly string[] = ["SecurityError", "InvalidStateError", "NotSupportedError"];

/** Transactions on the IndexedDB database of this name. Opens nothing yet. */
export function createPageDatabase(name: string): PageDatabase {
  let opening: Promise<IDBDatabase> | undefined;

  const open = (): Promise<IDBDatabase> => {
    opening ??= openDatabase(name, () => (opening = undefined)).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  return {
    async isRefused() {
      if (!factory()) return true;
      return open().then(
        () => false,
        (error: unknown) => refusals.includes(nameOf(error)),
      );
    },

    async run({ operation, mode, flush = false }, work) {
      try {
        return await inTransaction(await open(), mode, flush, work);
      } catch (error) {
        throw failure(operation, name, error);
      }
    },

    close() {
      void opening?.then(
        (database) => database.close(),
        () => undefined,
      );
      opening = undefined;
    },
  };
}

/** The result of one request inside a transaction. */
export function resultOf(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

async function openDatabase(name: string, onClosed: () => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.addEventListener("upgradeneeded", () => {
    request.result.createObjectStore("entries").createIndex(expiryIndex, expiryIndex);
    request.result.createObjectStore("leases");
  });
  await resultOf(request);
  const database = request.result;
  // The user clears the site's data, or another page deletes the database: an open connection would stand in the way.
  database.addEventListener("versionchange", () => {
    database.close();
    onClosed();
  });
  database.addEventListener("close", onClosed);
  return database;
}

async function inTransaction<T>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  flush: boolean,
  work: (stores: PageStores) => Promise<T>,
): Promise<T> {
  const transaction = database.transaction(["entries", "leases"], mode, {
    durability: flush ? "strict" : "default",
  });
  const committed = new Promise<void>((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(transaction.error));
  });
  const result = work({
    entries: transaction.objectStore("entries"),
    leases: transaction.objectStore("leases"),
  });
  // A failed request aborts the transaction by itself; an error of our own has to do it.
  result.catch(() => abort(transaction));
  const [value] = await Promise.all([result, committed]);
  return value;
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}

/** The browser's IndexedDB; `undefined` where there is none. A page with blocked site data may not even look. */
function factory(): IDBFactory | undefined {
  try {
    return globalThis.indexedDB;
  } catch {
    return undefined;
  }
}

function failure(operation: string, name: string, error: unknown): StorageError {
  const reason = nameOf(error);
  const start = `storage.${operation} failed in the IndexedDB database "${name}" (${reason}). Nothing was changed.`;
  return reason === "QuotaExceededError"
    ? new StorageError(`${start} This origin has no space left: free some of its site data.`, {
        action: "fix_config",
      })
    : new StorageError(`${start} Try again.`);
}

function nameOf(error: unknown): string {
  return typeof error === "object" && error !== null && "name" in error ? String(error.name) : typeof error;
}
