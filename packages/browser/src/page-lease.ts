import type { Lease } from "@bitbucket-auth/core";
import { resultOf, type PageDatabase, type PageStores } from "./page-database.js";

/** A lease as the database keeps it. Instants are epoch milliseconds on this machine's clock, which all its pages share. */
interface LeaseRow {
  readonly owner: string;
  readonly fence: number;
  readonly takenAt: number;
  /** 0 once it was released. */
  readonly expiresAt: number;
  /** The Web Lock that the holder's page keeps for as long as it lives; empty where the browser has none. */
  readonly lock: string;
}

/** A change of the clock that is no change of the time: adjustments by NTP. Milliseconds. */
const toleratedSetbackMs = 1_000;

/** Leases of every page and worker of this origin. */
export interface PageLeases {
  tryLease(key: string, options: { readonly owner: string; readonly ttlMs: number }): Promise<Lease | null>;
  /** Frees the Web Locks of leases that were never released. */
  close(): void;
}

/**
 * Leases in the page's database: taken, renewed and released in one transaction each, so that two pages never hold one
 * together. A lease also ends with its page: the holder keeps a Web Lock, which the browser frees when the page is closed
 * or crashes, and a contender that finds it free need not wait for the lease to lapse.
 */
export function createPageLeases(database: PageDatabase): PageLeases {
  /** How to free the Web Locks that this page keeps, by their names. */
  const heldLocks = new Map<string, () => void>();
  const free = (lock: string): void => {
    heldLocks.get(lock)?.();
    heldLocks.delete(lock);
  };

  const handle = (key: string, { fence, lock }: LeaseRow): Lease => {
    /** Replaces the row if this acquisition still holds the lease. */
    const change = (next: (row: LeaseRow) => LeaseRow): Promise<boolean> =>
      database.run({ operation: "tryLease", mode: "readwrite" }, async ({ leases }) => {
        const row = await readRow(leases, key);
        if (row?.fence !== fence || !isHeld(row)) return false;
        await resultOf(leases.put(next(row), key));
        return true;
      });
    return {
      fence,
      renew: (ttlMs) => change((row) => ({ ...row, expiresAt: Date.now() + ttlMs })),
      async release() {
        await change((row) => ({ ...row, expiresAt: 0 }));
        free(lock);
      },
    };
  };

  return {
    async tryLease(key, { owner, ttlMs }) {
      const seen = await database.run({ operation: "tryLease", mode: "readonly" }, ({ leases }) =>
        readRow(leases, key),
      );
      const isForeign = seen !== undefined && isHeld(seen) && seen.owner !== owner;
      if (isForeign && (await isLocked(seen.lock))) return null;
      const { lock, release } = await holdLock();
      heldLocks.set(lock, release);
      const take = database.run(
        { operation: "tryLease", mode: "readwrite" },
        async ({ leases }): Promise<LeaseRow | undefined> => {
          const row = await readRow(leases, key);
          const isOwn = row !== undefined && isHeld(row) && row.owner === owner;
          // A held lease may be replaced only if it is the very one whose page is gone.
          const isTaken = row !== undefined && isHeld(row) && !(isForeign && row.fence === seen.fence);
          if (isTaken && !isOwn) return undefined;
          const now = Date.now();
          const next: LeaseRow = isOwn
            ? { ...row, expiresAt: now + ttlMs }
            : {
                owner,
                // By the clock, so that it also grows after the row was forgotten.
                fence: Math.max(now, (row?.fence ?? 0) + 1),
                takenAt: now,
                expiresAt: now + ttlMs,
                lock,
              };
          await resultOf(leases.put(next, key));
          return next;
        },
      );
      const ours = await take.catch((error: unknown) => {
        free(lock);
        throw error;
      });
      if (ours?.lock !== lock) free(lock);
      return ours ? handle(key, ours) : null;
    },

    close() {
      for (const lock of heldLocks.keys()) free(lock);
    },
  };
}

/** Forgets the lease of a key whose entry is forgotten. */
export function forgetLease({ leases }: PageStores, key: IDBValidKey): Promise<unknown> {
  return resultOf(leases.delete(key));
}

async function readRow(leases: IDBObjectStore, key: string): Promise<LeaseRow | undefined> {
  const row = await resultOf(leases.get(key));
  return isRow(row) ? row : undefined;
}

/** Not lapsed. One that was taken in the future was taken before the clock was set back, and nothing says how long ago. */
function isHeld({ takenAt, expiresAt }: LeaseRow): boolean {
  const now = Date.now();
  return now < expiresAt && now >= takenAt - toleratedSetbackMs;
}

function isRow(value: unknown): value is LeaseRow {
  if (typeof value !== "object" || value === null) return false;
  const row: Partial<Record<keyof LeaseRow, unknown>> = value;
  return (
    [row.fence, row.takenAt, row.expiresAt].every((number) => typeof number === "number") &&
    [row.owner, row.lock].every((text) => typeof text === "string")
  );
}

/** Takes a Web Lock of a new name, which ends with this page. */
async function holdLock(): Promise<{ readonly lock: string; readonly release: () => void }> {
  const none = { lock: "", release: () => undefined };
  const locks = globalThis.navigator?.locks;
  if (!locks) return none;
  const lock = `bitbucket-auth lease ${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    locks
      .request(lock, () => new Promise<void>((release) => resolve({ lock, release })))
      .catch(() => resolve(none));
  });
}

/** Whether the page that holds this Web Lock lives. Where that cannot be known, it does. */
async function isLocked(lock: string): Promise<boolean> {
  const locks = globalThis.navigator?.locks;
  if (!locks || !lock) return true;
  return locks.request(lock, { ifAvailable: true }, (granted) => granted === null).catch(() => true);
}
