import { isBitbucketAuthError, type AnyBitbucketAuthError } from "../errors.js";
import { listKeys } from "../storage/list-keys.js";
import { accountOfStorageKey } from "../storage/token-key.js";
import type { TokenStorage } from "../storage/token-storage.js";
import type { TokenManager } from "./token-manager.js";

/** How far a walk over all grants has come. */
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

/** With a month until the next walk, still short of the three months after which Bitbucket forgets a grant. */
const eightWeeksMs = 56 * 24 * 3_600_000;

/**
 * Refreshes every grant that has been idle for long, so that Bitbucket does not forget it after three months.
 *
 * One grant at a time, each saved before the next: it can be stopped, killed and started again anywhere, and two of them at
 * once do no harm. A grant that fails is reported and the walk goes on; a storage that fails ends it.
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
  { olderThanMs = eightWeeksMs, signal, onProgress }: KeepAliveOptions,
): Promise<KeepAliveReport> {
  let checked = 0;
  let refreshed = 0;
  const failures: { account: string; error: AnyBitbucketAuthError }[] = [];
  for await (const key of listKeys(storage, prefix, "keepAlive()")) {
    signal?.throwIfAborted();
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
