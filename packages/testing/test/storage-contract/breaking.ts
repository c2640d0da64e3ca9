import { createMemoryStorage, type Lease, type TokenStorage } from "@bitbucket-auth/core";
import { createSharedMemory } from "./shared-memory.ts";

/** Opens a handle; opening again gives another handle on the same data. */
export type OpenBroken = () => TokenStorage;

/** Storages broken on purpose, by the title of the case each of them fails. */
export type BrokenStorages = Readonly<Record<string, () => OpenBroken>>;

/** A sound storage with some methods replaced, the same for all its handles. */
export function breaking(replace: (sound: TokenStorage) => Partial<TokenStorage>): () => OpenBroken {
  return () => {
    const sound = createSharedMemory()();
    const replaced = replace(sound);
    return () => ({ ...sound, ...replaced });
  };
}

/** Handles on one storage, each with something of its own where it should share. */
export function breakingApart(
  replace: (own: TokenStorage, shared: TokenStorage) => Partial<TokenStorage>,
): () => OpenBroken {
  return () => {
    const open = createSharedMemory();
    return () => {
      const shared = open();
      return { ...shared, ...replace(createMemoryStorage(), shared) };
    };
  };
}

/** A storage whose leases differ from sound ones. */
export function breakingLeases(change: (lease: Lease, owner: string) => Partial<Lease>): () => OpenBroken {
  return breaking((sound) => ({
    tryLease: async (key, options) => {
      const lease = await sound.tryLease(key, options);
      return lease && { ...lease, ...change(lease, options.owner) };
    },
  }));
}

/** A storage that does not tell keys apart which this function makes equal. */
export function confusing(simplify: (key: string) => string): () => OpenBroken {
  return breaking((sound) => ({
    get: (key, options) => sound.get(simplify(key), options),
    compareAndSwap: (key, ...rest) => sound.compareAndSwap(simplify(key), ...rest),
  }));
}

/** A text as a database compares it whose collation ignores case, accents and trailing spaces. */
export function collated(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").trimEnd().toLowerCase();
}

/** Overwrites the entry whatever is stored. */
export async function overwrite(
  storage: TokenStorage,
  ...[key, , bytes, options]: Parameters<TokenStorage["compareAndSwap"]>
): Promise<{ readonly ok: true }> {
  const result = await storage.compareAndSwap(key, null, bytes, options);
  if (!result.ok) await storage.compareAndSwap(key, result.current, bytes, options);
  return { ok: true };
}

/** One turn of the event loop: the gap in which another caller gets in. */
export function gap(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
