/** Names one stored state of an entry. Minted by the writer, compared for equality only: never ordered, never parsed. */
export type Version = string;

/** What `compareAndSwap` resolves with: done, or the version that stands in the way. */
export type CasResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** The version stored now; `null` when there is no entry and never was one the storage remembers. */
      readonly current: Version | null;
      /** `true` when `current` is a tombstone: the entry was deleted. */
      readonly deleted?: boolean;
    };

/** Options of every storage call. */
export interface OpOptions {
  /** Frees the caller. It does not promise that the operation did not happen. */
  readonly signal?: AbortSignal;
  /** How long the storage may take before it rejects, in milliseconds. */
  readonly deadlineMs?: number;
}

/** Exclusive permission to refresh one grant, until it lapses. An efficiency primitive: correctness is compare-and-swap. */
export interface Lease {
  /** Grows with every new acquisition of the key. Breaks ties and feeds metrics, nothing else. */
  readonly fence: number;
  /** Extends the lease to `ttlMs` from now. `false`: it is no longer ours, and nothing was changed. */
  renew(ttlMs: number): Promise<boolean>;
  /** Gives the lease up if it is still ours; does nothing to another owner's. Calling it again is harmless. */
  release(): Promise<void>;
}

/** What a storage can do. Core and the contract suite read it; nothing else switches behaviour. */
export interface StorageCapabilities {
  /** How far a lease excludes others: one process, every process of one host, or every host. */
  readonly lease: "process" | "host" | "distributed";
  /** Whether `watch` is there. */
  readonly watch: boolean;
  /** Whether `list` is there. */
  readonly list: boolean;
  /** Whether entries outlive the process. */
  readonly durable: boolean;
  /**
   * `true` when records may reach this storage unencrypted without an explicit `encryption: 'none'`:
   * they never leave the process, or their owner asked to see them.
   */
  readonly plaintext?: boolean;
  /** Largest entry, in bytes. Absent: at least 64 kB. */
  readonly maxBytes?: number;
}

/** Master keys by key id. `current` seals what is written; the others still open what they sealed before. */
export interface EncryptionKeys {
  readonly current: string;
  /** 32 random bytes per key id. */
  readonly keys: Readonly<Record<string, Uint8Array>>;
  /** Where the keys are kept, for messages: the path of a file, say. */
  readonly origin?: string;
}

/**
 * Where records live: opaque bytes under a key, with compare-and-swap and a lease.
 *
 * This is all a third party implements; encryption and serialisation are above it. An implementation is one when it
 * passes the contract suite in `@bitbucket-auth/testing/storage-contract`. Every method rejects with `StorageError` when
 * the backend cannot be reached or does not answer in time: core waits 10 s for a call and a minute for the next key of a list.
 *
 * What a storage may forget, and when:
 * - an entry, after its `expireAt` and never before. Core names an instant after which the record is of no use, and takes a
 *   forgotten entry for an account that never signed in;
 * - a tombstone, 24 hours after its delete and never before. Until then a refresh under way could bring the grant back, and
 *   the repeat of a delete could bury a newer sign-in;
 * - what a delete resolved with, at the next delete of that key: one is remembered;
 * - a lease, when it has lapsed or was released. Its fence goes on growing.
 *
 * The storage itself removes all of these: by an expiry of its backend (Redis, DynamoDB, Workers KV), when it writes, or by a
 * documented job of its owner (SQL). Core never asks for it. A storage that ends with its process may keep them.
 */
export interface TokenStorage {
  readonly caps: StorageCapabilities;

  /** The entry as it stands, or `null` when there is none or a tombstone. The bytes are the caller's own copy. */
  get(key: string, options?: OpOptions): Promise<{ bytes: Uint8Array; version: Version } | null>;

  /**
   * Replaces the entry if it still has the version the caller saw; `expected: null` means there must be no entry, and a
   * tombstone counts as one: the conflict names its version, and naming that version as `expected` replaces it.
   *
   * A reader sees the old bytes or the new ones, never a mix. A repeat of a write that already happened resolves with `ok`; a
   * tombstone of that version is no such write. When this rejects it is not known whether the write happened: repeat it with
   * the same version, or read back.
   */
  compareAndSwap(
    key: string,
    expected: Version | null,
    bytes: Uint8Array,
    options: OpOptions & {
      /** The new version, unique to this write. */
      readonly version: Version;
      /** Epoch milliseconds, on the machine's own clock, after which the storage may forget the entry. */
      readonly expireAt?: number;
    },
  ): Promise<CasResult>;

  /**
   * Puts a tombstone in place of the entry, so that a write in flight cannot bring it back. Resolves with whether there was a
   * live entry. `version` names the tombstone and is unique to this delete. A repeat of the last delete of the key resolves as
   * that did and changes nothing, also when the key was written since. The tombstone is remembered for at least 24 hours or
   * the life of the process.
   */
  delete(key: string, options?: OpOptions & { readonly version?: Version }): Promise<boolean>;

  /** One attempt at the lease, never waits. The same owner asking again gets its own lease back, with the same fence. */
  tryLease(
    key: string,
    options: OpOptions & { readonly owner: string; readonly ttlMs: number },
  ): Promise<Lease | null>;

  /** The keys of live entries that start with `prefix`, each once. */
  list?(prefix: string, options?: OpOptions): AsyncIterable<string>;

  /** Calls `onChange` some time after the entry changed or its lease was released. A hint: it may be late or be lost. */
  watch?(key: string, onChange: () => void): () => void;

  /** The keys this storage keeps for its owner. Used when `createBitbucketAuth` is given no `encryption`. */
  ownKeys?(): Promise<EncryptionKeys>;

  /** Ends what the storage itself started. Never closes a connection that the caller brought. Calling it again is harmless. */
  close(): Promise<void>;
}
