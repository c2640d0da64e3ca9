import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import type { TokenStorage } from "../../src/storage/token-storage.ts";

type Method = "get" | "compareAndSwap" | "delete" | "tryLease";

/** What happens to one call: it goes through, it fails before it happens, or it happens and its answer is lost. */
export type Fate = "works" | { readonly before: Error } | { readonly after: Error };

export interface ScriptedStorage {
  readonly storage: TokenStorage;
  /** The calls of one method, with their arguments, in order. */
  readonly calls: Readonly<Record<Method, readonly (readonly unknown[])[]>>;
  /** Sets what happens to the next calls of a method, one after the other; then everything works again. */
  script(method: Method, ...fates: readonly Fate[]): void;
}

/** A memory storage that can be told to fail. */
export function createScriptedStorage(inner: TokenStorage = createMemoryStorage()): ScriptedStorage {
  const fates: Record<Method, Fate[]> = { get: [], compareAndSwap: [], delete: [], tryLease: [] };
  const calls: Record<Method, unknown[][]> = { get: [], compareAndSwap: [], delete: [], tryLease: [] };
  const fated = async <T>(method: Method, args: unknown[], run: () => Promise<T>): Promise<T> => {
    calls[method].push(args);
    const fate = fates[method].shift() ?? "works";
    if (fate !== "works" && "before" in fate) throw fate.before;
    const result = await run();
    if (fate !== "works") throw fate.after;
    return result;
  };
  return {
    calls,
    script: (method, ...next) => void fates[method].push(...next),
    storage: {
      ...inner,
      get: (...args) => fated("get", args, () => inner.get(...args)),
      compareAndSwap: (...args) => fated("compareAndSwap", args, () => inner.compareAndSwap(...args)),
      delete: (...args) => fated("delete", args, () => inner.delete(...args)),
      tryLease: (...args) => fated("tryLease", args, () => inner.tryLease(...args)),
    },
  };
}
