import { isBitbucketAuthError, type AnyBitbucketAuthError } from "./errors.js";
import { fixed } from "./refresh/policy.js";
import type { TokenManager } from "./refresh/token-manager.js";
import { listKeys, type RecordStore } from "./storage/record-store.js";
import { accountOfStorageKey } from "./storage/record.js";
import type { TokenStorage } from "./storage/token-storage.js";

/** How far a walk over all grants has come: numbers of grants. */
export interface KeepAliveProgress {
  readonly checked: number;
  readonly refreshed: number;
  readonly failed: number;
}

/** What `keepAlive` did, and which accounts have to sign in again. */
export interface KeepAliveReport extends KeepAliveProgress {
  readonly failures: readonly { readonly account: string; readonly error: AnyBitbucketAuthError }[];
}

/** How far `keepAlive` goes, and how to watch and stop it. */
export interface KeepAliveOptions {
  /** Refreshes grants that were last refreshed longer ago than this, in milliseconds. @default 8 weeks */
  readonly olderThanMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each grant. */
  readonly onProgress?: ((progress: KeepAliveProgress) => void) | undefined;
}

/**
 * Refreshes every grant that has been idle for long, so that Bitbucket does not forget it after three months.
 *
 * One grant at a time, each saved before the next: it can be stopped, killed and started again anywhere, and two of them at
 * once do no harm. A grant that fails is reported and the walk goes on; a storage that fails ends it: rejects with
 * `StorageError` then, with `ClosedError`, or with the signal's reason.
 */
export async function keepGrantsAlive(
  {
    storage,
    manager,
    prefix,
  }: {
    readonly storage: TokenStorage;
    readonly manager: Pick<TokenManager, "refreshIfOlder">;
    readonly prefix: string;
  },
  { olderThanMs = fixed.keepAliveMs, signal, onProgress }: KeepAliveOptions,
): Promise<KeepAliveReport> {
  let checked = 0;
  let refreshed = 0;
  const failures: { account: string; error: AnyBitbucketAuthError }[] = [];
  for await (const key of listKeys(storage, prefix, "keepAlive()")) {
    if (signal?.aborted) throw signal.reason;
    const account = accountOfStorageKey(key);
    try {
      if (await manager.refreshIfOlder({ key, account }, olderThanMs)) refreshed++;
    } catch (error) {
      if (!isBitbucketAuthError(error) || error.code === "storage_failed" || error.code === "closed")
        throw error;
      // Signed out while the walk was on its way here: nothing to keep alive.
      if (error.code !== "signed_out") failures.push({ account, error });
    }
    checked++;
    onProgress?.({ checked, refreshed, failed: failures.length });
  }
  return { checked, refreshed, failed: failures.length, failures };
}

/** What `rekey` did, in numbers of records. The old key is no longer needed when the last two are 0. */
export interface RekeyReport {
  readonly rewritten: number;
  /** Records that others kept writing meanwhile, perhaps with the old key: run it again. */
  readonly overtaken: number;
  /** Records that do not open with any key there is. They were left as they are. */
  readonly unreadable: number;
}

/** How often one record is tried again because another process wrote it. */
const tries = 3;

/** Seals every record again with the current key. Readers and refreshes go on meanwhile, and no write is lost. */
export async function rekeyRecords(
  store: RecordStore,
  prefix: string,
  onProgress?: (report: RekeyReport) => void,
): Promise<RekeyReport> {
  const report = { rewritten: 0, overtaken: 0, unreadable: 0 };
  for await (const key of listKeys(store.storage, prefix, "rekey()")) {
    const outcome = await rekeyRecord(store, key);
    if (outcome) report[outcome]++;
    onProgress?.({ ...report });
  }
  return report;
}

async function rekeyRecord(store: RecordStore, key: string): Promise<keyof RekeyReport | undefined> {
  try {
    for (let attempt = 0; attempt < tries; attempt++) {
      const stored = await store.read(key);
      if (!stored) return undefined;
      const written = await store.replace(key, stored.version, stored.record);
      if (written.ok) return "rewritten";
    }
    return "overtaken";
  } catch (error) {
    if (isBitbucketAuthError(error) && error.code === "record_unreadable") return "unreadable";
    throw error;
  }
}
