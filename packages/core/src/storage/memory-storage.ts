import { assertMethods, assertObject } from "../assert-options.js";
import { systemClock, type Clock } from "../clock.js";
import { StorageError } from "../errors.js";
import type { CasResult, Lease, TokenStorage, Version } from "./token-storage.js";

interface Entry {
  readonly version: Version;
  /** `null` is a tombstone. */
  readonly bytes: Uint8Array | null;
}

interface HeldLease {
  readonly owner: string;
  readonly fence: number;
  expiresAt: number;
}

/** Options of `createMemoryStorage`. */
export interface MemoryStorageOptions {
  /** Decides when leases lapse. */
  readonly clock?: Clock;
}

/**
 * Keeps records in this process and forgets them with it: the default, and the reference implementation of the contract.
 *
 * Its lease excludes callers of the same storage object only. It keeps entries past their `expireAt`: they go with the process.
 */
export function createMemoryStorage(given: MemoryStorageOptions = {}): TokenStorage {
  assertObject(given, "The argument of createMemoryStorage()");
  const { clock = systemClock } = given;
  assertMethods(clock, "clock", ["now"]);
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
      const entry = entries.get(key);
      return entry?.bytes ? { bytes: entry.bytes.slice(), version: entry.version } : null;
    },

    async compareAndSwap(key, expected, bytes, { version, signal }): Promise<CasResult> {
      open(signal);
      const entry = entries.get(key);
      if (entry?.version === version) return { ok: true };
      const current = entry?.version ?? null;
      if (current !== expected)
        return { ok: false, current, ...(entry?.bytes === null && { deleted: true }) };
      entries.set(key, { version, bytes: bytes.slice() });
      tell(key);
      return { ok: true };
    },

    async delete(key, options) {
      open(options?.signal);
      const entry = entries.get(key);
      const version = options?.version ?? crypto.randomUUID();
      if (entry?.version === version && entry.bytes === null) return true;
      entries.set(key, { version, bytes: null });
      tell(key);
      return entry !== undefined && entry.bytes !== null;
    },

    async tryLease(key, { owner, ttlMs, signal }): Promise<Lease | null> {
      open(signal);
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
