import { StorageError } from "../errors.js";
import { assertClock, assertOptions, systemClock, type Clock } from "../environment.js";
import type { CasResult, Lease, TokenStorage, Version } from "./token-storage.js";

interface Entry {
  readonly version: Version;
  /** `null` is a tombstone. */
  readonly bytes: Uint8Array | null;
  /** The latest deletion, so that its repeat answers as it did and leaves newer entries alone. */
  readonly deletion?: { readonly version: Version; readonly wasLive: boolean } | undefined;
}

interface HeldLease {
  readonly owner: string;
  readonly fence: number;
  expiresAt: number;
}

/** Options of `createMemoryStorage`. */
export interface MemoryStorageOptions {
  /** Decides when leases lapse. */
  readonly clock?: Clock | undefined;
}

/**
 * Keeps records in this process and forgets them with it: the default, and the reference implementation of the contract.
 *
 * Its lease excludes callers of the same storage object only. It keeps entries past their `expireAt`, and
 * tombstones: both end with the process. Calls reject with `StorageError` after `close()`.
 */
export function createMemoryStorage(given: MemoryStorageOptions = {}): TokenStorage {
  assertOptions(given, "createMemoryStorage()", ["clock"]);
  const { clock = systemClock } = given;
  assertClock(clock);
  const entries = new Map<string, Entry>();
  const leases = new Map<string, HeldLease>();
  const watchers = new Map<string, Set<() => void>>();
  let fences = 0;
  let closed = false;

  const leaseOf = (key: string): HeldLease | undefined => {
    const lease = leases.get(key);
    if (lease && lease.expiresAt <= clock.now()) leases.delete(key);
    return leases.get(key);
  };
  const tell = (key: string): void => {
    for (const onChange of watchers.get(key) ?? []) queueMicrotask(onChange);
  };
  const open = (signal: AbortSignal | undefined): void => {
    if (closed)
      throw new StorageError("This memory storage was closed. Create a new one.", { action: "fix_config" });
    if (signal?.aborted) throw new StorageError("The storage call was aborted before it began.");
  };

  return {
    caps: { lease: "process", watch: true, list: true, durable: false, plaintext: true },

    async get(key, options) {
      open(options?.signal);
      assertText("key", key);
      const entry = entries.get(key);
      return entry?.bytes ? { bytes: entry.bytes.slice(), version: entry.version } : null;
    },

    async compareAndSwap(key, expected, bytes, { version, signal }): Promise<CasResult> {
      open(signal);
      assertText("key", key);
      assertText("version", version);
      const entry = entries.get(key);
      if (entry?.version === version && entry.bytes) return { ok: true };
      const current = entry?.version ?? null;
      if (current !== expected || current === version)
        return { ok: false, current, ...(entry?.bytes === null && { deleted: true }) };
      entries.set(key, { version, bytes: bytes.slice(), deletion: entry?.deletion });
      tell(key);
      return { ok: true };
    },

    async delete(key, options) {
      open(options?.signal);
      const version = options?.version ?? crypto.randomUUID();
      assertText("key", key);
      assertText("version", version);
      const entry = entries.get(key);
      if (entry?.deletion?.version === version) return entry.deletion.wasLive;
      const wasLive = entry !== undefined && entry.bytes !== null;
      entries.set(key, { version, bytes: null, deletion: { version, wasLive } });
      tell(key);
      return wasLive;
    },

    async tryLease(key, { owner, ttlMs, signal }): Promise<Lease | null> {
      open(signal);
      assertText("key", key);
      assertText("owner", owner);
      const held = leaseOf(key);
      if (held && held.owner !== owner) return null;
      const lease: HeldLease = held ?? { owner, fence: ++fences, expiresAt: 0 };
      lease.expiresAt = clock.now() + ttlMs;
      leases.set(key, lease);
      const isOurs = (): boolean => leaseOf(key) === lease;
      return {
        fence: lease.fence,
        async renew(renewedTtlMs) {
          if (!isOurs()) return false;
          lease.expiresAt = clock.now() + renewedTtlMs;
          return true;
        },
        async release() {
          if (!isOurs()) return;
          leases.delete(key);
          tell(key);
        },
      };
    },

    async *list(prefix, options) {
      open(options?.signal);
      for (const key of entries.keys()) if (key.startsWith(prefix) && entries.get(key)?.bytes) yield key;
    },

    watch(key, onChange) {
      const listeners = watchers.get(key) ?? new Set();
      watchers.set(key, listeners.add(onChange));
      return () => {
        listeners.delete(onChange);
        if (listeners.size === 0) watchers.delete(key);
      };
    },

    async close() {
      closed = true;
      watchers.clear();
    },
  };
}

/** Refuses what not every backend can keep apart: PostgreSQL takes no NUL, and UTF-8 has no half of a surrogate pair. */
function assertText(name: string, text: string): void {
  if (/[\0\p{Surrogate}]/u.test(text))
    throw new StorageError(`The ${name} holds NUL or a lone surrogate. Use well-formed text.`, {
      action: "fix_config",
    });
}
