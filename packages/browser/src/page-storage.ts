import { InvalidOptionsError, StorageError, type TokenStorage } from "@bitbucket-auth/core";
import { assertOptions } from "@bitbucket-auth/core/internal";
import { createPageDatabase } from "./page-database.js";
import {
  createDatabaseEntries,
  createMemoryEntries,
  databaseCapabilities,
  type Entries,
} from "./page-entries.js";

/** Options of `createPageStorage`. */
export interface PageStorageOptions {
  /** Name of the IndexedDB database. Pages of the origin that use the same name share their grants. @default "bitbucket-auth" */
  readonly name?: string | undefined;
  /** `false` logs no warning when the browser gives the page no storage. @default true */
  readonly logging?: boolean | undefined;
  /** Where that warning goes. @default the console */
  readonly logger?: Pick<Console, "warn"> | undefined;
}

const memoryOnly =
  "bitbucket-auth: this browser gives the page no IndexedDB. Tokens are kept in memory and end with the page. Allow site data for this origin.";

/**
 * Keeps grants in the browser, for every page and worker of this origin: for `getAccessToken({ storage })` and
 * `createBitbucketAuth({ storage })`. Create one per page.
 *
 * Entries live in IndexedDB, where a compare-and-swap is one transaction. (Local storage cannot do it: Chromium shows a write of
 * one tab to another some time after a Web Lock has passed between them. See docs/decisions/0040.) `caps.lease` is `host`: the
 * lease excludes every page, tab and worker that can see these entries, which is all of this origin in this browser profile.
 *
 * Records are not encrypted unless `encryption` is given, because a key would have to be in the page as well. **Every script that
 * runs on the origin can read them.** Where the browser gives the page no storage (blocked site data, a sandboxed frame), entries
 * live in this page's memory and end with it; one warning says so, and `caps` from the first call on.
 *
 * Throws `InvalidOptionsError` for a `name` that is empty or no text, and for unknown options. Calls reject with `StorageError`, after `close()` too.
 *
 * An entry that an earlier script bundle left in local storage under the grant's key is taken over on first use.
 */
export function createPageStorage(options: PageStorageOptions = {}): TokenStorage {
  assertOptions(options, "createPageStorage()", ["name", "logging", "logger"]);
  const { name = "bitbucket-auth", logging = true, logger = globalThis.console } = options;
  if (typeof name !== "string" || !name)
    throw new InvalidOptionsError("createPageStorage() takes `name`, the name of a database, as a text.");
  const database = createPageDatabase(name);
  const inDatabase = createDatabaseEntries(database);
  const notices = createNotices(name);
  let inMemory: Entries | undefined;
  let isClosed = false;

  const entries = async (): Promise<Entries> => {
    if (isClosed) throw new StorageError("This page storage was closed. Create another.");
    if (inMemory || !(await database.isRefused())) return inMemory ?? inDatabase;
    if (!inMemory && logging) logger.warn(memoryOnly);
    inMemory ??= createMemoryEntries();
    return inMemory;
  };
  /** The entries, for a call with texts that can be told apart everywhere. */
  const entriesFor = async (texts: Readonly<Record<string, string>>): Promise<Entries> => {
    for (const [what, text] of Object.entries(texts))
      if (/[\0\p{Surrogate}]/u.test(text))
        throw new StorageError(`The ${what} holds NUL or a lone surrogate. Use well-formed text.`, {
          action: "fix_config",
        });
    return entries();
  };
  const changed = async <T>(key: string, change: Promise<T>): Promise<T> => {
    const result = await change;
    notices.tell(key);
    return result;
  };

  return {
    get caps() {
      return inMemory?.caps ?? databaseCapabilities;
    },
    get: (key, { signal } = {}) => unlessAborted(signal, async () => (await entriesFor({ key })).get(key)),
    compareAndSwap: (key, expected, bytes, { signal, ...write }) =>
      unlessAborted(signal, async () =>
        changed(
          key,
          (await entriesFor({ key, version: write.version })).compareAndSwap(key, expected, bytes, write),
        ),
      ),
    delete: (key, { signal, version = crypto.randomUUID() } = {}) =>
      unlessAborted(signal, async () =>
        changed(key, (await entriesFor({ key, version })).delete(key, { version })),
      ),
    tryLease: (key, { signal, ...request }) =>
      unlessAborted(signal, async () => {
        const lease = await (await entriesFor({ key, owner: request.owner })).tryLease(key, request);
        return lease && { ...lease, release: () => changed(key, lease.release()) };
      }),
    async *list(prefix, { signal } = {}) {
      yield* await unlessAborted(signal, async () => (await entries()).keys(prefix));
    },
    watch: (key, onChange) => notices.watch(key, onChange),
    async close() {
      isClosed = true;
      notices.close();
      inDatabase.close();
    },
  };
}

/** Tells the watchers of a key, in this page and in the others. */
function createNotices(name: string): {
  tell(key: string): void;
  watch(key: string, onChange: () => void): () => void;
  close(): void;
} {
  const channelName = `bitbucket-auth ${name}`;
  const watchers = new Map<string, Set<() => void>>();
  /** Open only while there are watchers: an open channel may keep a page out of the back-forward cache. */
  let channel: BroadcastChannel | undefined;
  const tellHere = (key: unknown): void => {
    if (typeof key !== "string") return;
    for (const onChange of watchers.get(key) ?? []) queueMicrotask(onChange);
  };
  const openChannel = (): BroadcastChannel | undefined =>
    typeof globalThis.BroadcastChannel === "function" ? new BroadcastChannel(channelName) : undefined;
  const closeChannel = (): void => {
    channel?.close();
    channel = undefined;
  };

  return {
    tell(key) {
      tellHere(key);
      const sender = channel ?? openChannel();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has no target: it is this origin
      sender?.postMessage(key);
      if (sender !== channel) sender?.close();
    },
    watch(key, onChange) {
      if (!channel) {
        channel = openChannel();
        channel?.addEventListener("message", ({ data }) => tellHere(data));
      }
      watchers.set(key, (watchers.get(key) ?? new Set()).add(onChange));
      return () => {
        watchers.get(key)?.delete(onChange);
        if (watchers.get(key)?.size === 0) watchers.delete(key);
        if (watchers.size === 0) closeChannel();
      };
    },
    close() {
      watchers.clear();
      closeChannel();
    },
  };
}

/** Runs a call unless the signal has fired. A signal that fires later frees the caller; the call may still take place. */
async function unlessAborted<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  if (!signal) return call();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([call(), aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
