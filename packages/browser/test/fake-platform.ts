import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { vi } from "vitest";

/** A promise that the test resolves. */
export function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

/** The Web Locks API, as far as the package uses it: one holder of a name, the others in line. */
export function createFakeLocks(): {
  request(name: string, ...rest: readonly unknown[]): Promise<unknown>;
  readonly held: ReadonlySet<string>;
} {
  const held = new Set<string>();
  const lines = new Map<string, Promise<unknown>>();
  return {
    held,
    async request(name, ...rest) {
      const callback = rest.at(-1);
      const options: LockOptions = rest.length > 1 ? Object(rest[0]) : {};
      if (typeof callback !== "function") throw new TypeError("The last argument is a function.");
      if (options.ifAvailable && held.has(name)) return callback(null);
      const before = lines.get(name);
      const free = deferred();
      lines.set(name, free.promise);
      if (before) {
        const { signal } = options;
        const aborted = new Promise<never>((_, reject) => {
          if (signal?.aborted) reject(signal.reason);
          signal?.addEventListener("abort", () => reject(signal.reason));
        });
        await Promise.race([before, aborted]).catch((error: unknown) => {
          void before.then(free.resolve);
          throw error;
        });
      }
      held.add(name);
      try {
        return await callback({ name });
      } finally {
        held.delete(name);
        free.resolve();
      }
    },
  };
}

export interface FakePlatform {
  readonly locks: ReturnType<typeof createFakeLocks>;
  /** What is in local storage. */
  readonly local: Map<string, string>;
}

/** Gives the test what a page has: IndexedDB with nothing in it, Web Locks, local storage. Ends with `vi.unstubAllGlobals()`. */
export function stubPage(): FakePlatform {
  const local = new Map<string, string>();
  const locks = createFakeLocks();
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
  vi.stubGlobal("navigator", { locks });
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => local.get(key) ?? null,
    setItem: (key: string, value: string) => void local.set(key, value),
    removeItem: (key: string) => void local.delete(key),
  });
  return { locks, local };
}
