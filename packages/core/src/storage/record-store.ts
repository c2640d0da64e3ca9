import { InvalidOptionsError } from "../errors.js";
import { systemClock } from "../environment.js";
import type { RecordCipher } from "./encryption.js";
import { decodeTokenRecord, encodeTokenRecord, type TokenRecord } from "./record.js";
import { storageCall, longCallMs } from "./storage-call.js";
import type { CasResult, Lease, TokenStorage, Version } from "./token-storage.js";

/** A record with the version that the next write must name. */
export interface StoredRecord {
  readonly record: TokenRecord;
  readonly version: Version;
}

/** What a write resolves with: the new version, or what stands in the way. */
export type WriteResult =
  | { readonly ok: true; readonly version: Version }
  /** `repeated`: an earlier copy of this very write may have arrived, and what stands in the way may follow from it. */
  | (Extract<CasResult, { ok: false }> & { readonly repeated: boolean });

/** A storage seen as records: sealed and opened on the way, every error of a backend, and every call without an answer in time, turned into a `StorageError`. */
export interface RecordStore {
  readonly storage: TokenStorage;
  read(key: string): Promise<StoredRecord | null>;
  /** Writes if the version still stands. A write whose fate is unknown is repeated once with the same version. */
  replace(key: string, expected: Version | null, record: TokenRecord): Promise<WriteResult>;
  /** Leaves a tombstone; resolves with whether there was a live record. */
  remove(key: string): Promise<boolean>;
  /** An attempt whose fate is unknown is repeated once: the same owner gets the same lease. */
  tryLease(key: string, owner: string, ttlMs: number): Promise<Lease | null>;
  fingerprint(token: string): Promise<string>;
}

/** How long a record is kept after its refresh token must be dead, so that errors can say what became of the grant. */
const keptAfterExpiryMs = 7 * 24 * 3_600_000;

/** Joins a storage and a cipher. */
export function createRecordStore(storage: TokenStorage, cipher: RecordCipher): RecordStore {
  return {
    storage,
    fingerprint: (token) => cipher.fingerprint(token),

    async read(key) {
      const entry = await storageCall(() => storage.get(key), { who: "storage.get" });
      if (!entry) return null;
      const record = decodeTokenRecord(await cipher.open(key, entry.bytes));
      const { refreshToken, refreshFp } = record;
      if (refreshToken === undefined || refreshFp !== undefined) return { record, version: entry.version };
      // A record written by hand has no fingerprint, and a refresh compares by it.
      const known = { ...record, refreshFp: await cipher.fingerprint(refreshToken) };
      return { record: known, version: entry.version };
    },

    async replace(key, expected, record) {
      const version = crypto.randomUUID();
      const bytes = await cipher.seal(key, encodeTokenRecord(record));
      const options = { version, ...expiryOf(record) };
      const write = (): Promise<CasResult> =>
        storageCall(() => storage.compareAndSwap(key, expected, bytes, options), {
          who: "storage.compareAndSwap",
          change: "write",
        });
      const first = await write().catch(() => undefined);
      const result = first ?? (await write());
      return result.ok ? { ok: true, version } : { ...result, repeated: !first };
    },

    async remove(key) {
      const version = crypto.randomUUID();
      const write = (): Promise<boolean> =>
        storageCall(() => storage.delete(key, { version }), { who: "storage.delete", change: "deletion" });
      return write().catch(write);
    },

    tryLease(key, owner, ttlMs) {
      const attempt = async (): Promise<Lease | null> => {
        const lease = await storageCall(() => storage.tryLease(key, { owner, ttlMs }), {
          who: "storage.tryLease",
        });
        return (
          lease && {
            fence: lease.fence,
            renew: (renewedTtlMs) => storageCall(() => lease.renew(renewedTtlMs), { who: "lease.renew" }),
            release: () => storageCall(() => lease.release(), { who: "lease.release" }),
          }
        );
      };
      return attempt().catch(attempt);
    },
  };
}

/**
 * Until when a record is worth keeping, by its own dates alone. A storage forgets by its own clock, and neither the clock a record
 * is dated by nor the one this program was given need agree with that. Of a refresh token from elsewhere no end is known: such a
 * record is kept.
 */
function expiryOf({ refreshToken, refreshExpiresAt, accessExpiresAt, obtainedAt }: TokenRecord): {
  readonly expireAt?: number;
} {
  const expiresAt = refreshToken === undefined ? accessExpiresAt : refreshExpiresAt;
  if (expiresAt === undefined) return {};
  return { expireAt: systemClock.now() + Math.max(0, expiresAt - obtainedAt) + keptAfterExpiryMs };
}

/**
 * The keys of live entries that start with `prefix`, for `who`. Rejects with `InvalidOptionsError` when the storage cannot list,
 * and with `StorageError` when it fails or takes more than a minute from one key to the next.
 */
export async function* listKeys(
  storage: Pick<TokenStorage, "list">,
  prefix: string,
  who: string,
): AsyncGenerator<string> {
  if (!storage.list) {
    throw new InvalidOptionsError(`${who} needs a storage that can list its keys, and this one cannot.`);
  }
  const keys = storage.list(prefix)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await storageCall(() => keys.next(), { who: "storage.list", limitMs: longCallMs });
      if (step.done) return;
      yield step.value;
    }
  } finally {
    // Not awaited: a storage that is silent does not end its list either.
    Promise.resolve(keys.return?.()).catch(() => undefined);
  }
}
