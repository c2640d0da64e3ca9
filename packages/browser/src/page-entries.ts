import {
  type CasResult,
  configStorage,
  createMemoryStorage,
  type StorageCapabilities,
  type TokenStorage,
  type Version,
} from "@bitbucket-auth/core";
import { expiryIndex, resultOf, type PageDatabase, type PageStores } from "./page-database.js";
import { createPageLeases, forgetLease } from "./page-lease.js";

/** Where entries and leases are: the database, or this page's memory. */
export interface Entries {
  readonly caps: StorageCapabilities;
  readonly get: TokenStorage["get"];
  readonly compareAndSwap: TokenStorage["compareAndSwap"];
  readonly tryLease: TokenStorage["tryLease"];
  delete(key: string, options: { readonly version: Version }): Promise<boolean>;
  /** The keys of live entries that start with this text. */
  keys(prefix: string): Promise<readonly string[]>;
}

/** An entry as the database keeps it. */
interface Entry {
  readonly version: Version;
  /** `null` is a tombstone. */
  readonly bytes: Uint8Array | null;
  /** Epoch milliseconds after which it may be forgotten. Absent: never. */
  readonly expireAt?: number;
  /** The last deletion of this key, kept beside later writes: a repeat of it answers as it did and deletes nothing. */
  readonly deletion?: { readonly version: Version; readonly hadEntry: boolean };
}

/** How long a tombstone is remembered. The contract asks for a day. Milliseconds. */
const tombstoneMs = 7 * 24 * 3_600_000;

/** What entries in the database can do. */
export const databaseCapabilities: StorageCapabilities = {
  lease: "host",
  watch: true,
  list: true,
  durable: true,
  plaintext: true,
};

/** Entries of this page alone, for a browser that gives it no database. They end with the page. */
export function createMemoryEntries(): Entries {
  const memory = createMemoryStorage();
  return {
    ...memory,
    async keys(prefix) {
      const keys: string[] = [];
      for await (const key of memory.list?.(prefix) ?? []) keys.push(key);
      return keys;
    },
  };
}

/** Entries of every page and worker of this origin. Each call is one transaction. */
export function createDatabaseEntries(database: PageDatabase): Entries & { close(): void } {
  const leases = createPageLeases(database);
  const read = (key: string): Promise<Entry | undefined> =>
    database.run({ operation: "get", mode: "readonly" }, (stores) => readEntry(stores, key));
  const swap: TokenStorage["compareAndSwap"] = (key, expected, bytes, { version, expireAt }) =>
    database.run(
      { operation: "compareAndSwap", mode: "readwrite", flush: true },
      async (stores): Promise<CasResult> => {
        const entry = await readEntry(stores, key);
        if (entry?.version === version && entry.bytes) return { ok: true };
        const current = entry?.version ?? null;
        if (current !== expected || current === version)
          return { ok: false, current, ...(entry?.bytes === null && { deleted: true }) };
        await writeEntry(stores, key, {
          version,
          bytes: bytes.slice(),
          ...(expireAt !== undefined && { expireAt }),
          ...(entry?.deletion && { deletion: entry.deletion }),
        });
        return { ok: true };
      },
    );
  /** The entry, taken over from local storage where the database has no row for its key. */
  const readOrAdopt = async (key: string): Promise<Entry | undefined> => {
    const entry = await read(key);
    const config = localConfig(key);
    if (entry) {
      // It is newer. What is in local storage would be taken over, again or at last, once it is forgotten.
      if (config) localStorage.removeItem(key);
      return entry;
    }
    // Another tab may have taken it over since the first look: it is in the database before it leaves local storage.
    if (!config) return read(key);
    const found = await configStorage({ loadConfig: () => config, saveConfig: () => undefined }).get(key);
    if (!found) return undefined;
    await swap(key, null, found.bytes, { version: crypto.randomUUID() });
    return readOrAdopt(key);
  };

  return {
    caps: databaseCapabilities,

    async get(key) {
      const { version, bytes = null } = (await readOrAdopt(key)) ?? {};
      return version !== undefined && bytes ? { bytes, version } : null;
    },

    compareAndSwap: swap,

    async delete(key, { version }) {
      await readOrAdopt(key);
      return database.run({ operation: "delete", mode: "readwrite", flush: true }, async (stores) => {
        const entry = await readEntry(stores, key);
        if (entry?.deletion?.version === version) return entry.deletion.hadEntry;
        const hadEntry = entry !== undefined && entry.bytes !== null;
        const deletion = { version, hadEntry };
        await writeEntry(stores, key, { version, bytes: null, deletion, expireAt: Date.now() + tombstoneMs });
        return hadEntry;
      });
    },

    tryLease: (key, request) => leases.tryLease(key, request),

    keys: (prefix) =>
      database.run({ operation: "list", mode: "readonly" }, async ({ entries }) => {
        // Keys are ordered by their UTF-16 units, so that those with one prefix stand together.
        const range = IDBKeyRange.lowerBound(prefix);
        const [keys, values] = await Promise.all([
          resultOf(entries.getAllKeys(range)),
          resultOf(entries.getAll(range)),
        ]);
        if (!Array.isArray(keys) || !Array.isArray(values)) return [];
        const rows: readonly unknown[] = values;
        return keys.filter(
          (key: unknown, index): key is string =>
            typeof key === "string" && key.startsWith(prefix) && Boolean(entryFrom(rows[index])?.bytes),
        );
      }),

    close() {
      leases.close();
      database.close();
    },
  };
}

async function readEntry({ entries }: PageStores, key: string): Promise<Entry | undefined> {
  return entryFrom(await resultOf(entries.get(key)));
}

/** Writes the entry, and forgets what may be forgotten by now: there is no other moment at which a page could. */
async function writeEntry(stores: PageStores, key: string, entry: Entry): Promise<void> {
  await resultOf(stores.entries.put(entry, key));
  const expired = await resultOf(
    stores.entries.index(expiryIndex).getAllKeys(IDBKeyRange.upperBound(Date.now())),
  );
  if (!Array.isArray(expired)) return;
  for (const old of expired)
    await Promise.all([resultOf(stores.entries.delete(old)), forgetLease(stores, old)]);
}

function entryFrom(value: unknown): Entry | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { version, bytes, deletion }: Partial<Record<keyof Entry, unknown>> = value;
  if (typeof version !== "string") return undefined;
  return {
    version,
    bytes: ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : null,
    ...(isDeletion(deletion) && { deletion }),
  };
}

function isDeletion(value: unknown): value is NonNullable<Entry["deletion"]> {
  if (typeof value !== "object" || value === null) return false;
  const { version, hadEntry }: Partial<Record<"version" | "hadEntry", unknown>> = value;
  return typeof version === "string" && typeof hadEntry === "boolean";
}

/** The object in local storage under this key, if there is one. */
function localConfig(key: string): object | undefined {
  try {
    const config: unknown = JSON.parse(globalThis.localStorage.getItem(key) ?? "null");
    return typeof config === "object" && config !== null ? config : undefined;
  } catch {
    // No local storage, or another program's text.
    return undefined;
  }
}
