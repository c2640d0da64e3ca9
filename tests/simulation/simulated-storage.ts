import { StorageError, type TokenStorage } from "@bitbucket-auth/core";
import type { EventQueue, Life } from "./event-queue.ts";
import type { Mishaps } from "./mishaps.ts";

/** The storage as one process reaches it, and how much it was used. */
export interface SimulatedStorage {
  readonly storage: TokenStorage;
  readonly calls: number;
  readonly watchers: number;
}

/** What all ways to one storage share. */
export interface StorageWeather {
  /** The storage is gone until then. */
  outageUntil: number;
}

/** Each call takes its time to arrive and each answer its time to come back, and either may get lost. */
export function createSimulatedStorage(
  shared: TokenStorage,
  events: EventQueue,
  life: Life,
  {
    mishaps,
    weather,
    watches,
  }: { readonly mishaps: Mishaps; readonly weather: StorageWeather; readonly watches: boolean },
): SimulatedStorage {
  let calls = 0;
  let watchers = 0;
  const way = (): number => (events.random() < 0.05 ? events.between(100, 1_500) : events.between(0, 30));
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    calls++;
    await events.wait(life, way());
    const isGone = events.now < weather.outageUntil;
    if (isGone || events.random() < mishaps.storageFails) {
      await events.wait(life, isGone ? 2_000 : way());
      throw new StorageError("The simulated storage did not do it.");
    }
    const result = await run();
    const lies = events.random() < mishaps.storageLies;
    await events.wait(life, way());
    if (lies) throw new StorageError("The simulated storage did it and says it did not.");
    return result;
  };

  const storage: TokenStorage = {
    caps: { ...shared.caps, lease: "distributed", watch: watches },
    get: (key) => call(() => shared.get(key)),
    compareAndSwap: (key, expected, bytes, options) =>
      call(() => shared.compareAndSwap(key, expected, bytes, options)),
    delete: (key, options) => call(() => shared.delete(key, options)),
    tryLease: (key, options) =>
      call(async () => {
        const lease = await shared.tryLease(key, options);
        return (
          lease && {
            fence: lease.fence,
            renew: (ttlMs) => call(() => lease.renew(ttlMs)),
            release: () => call(() => lease.release()),
          }
        );
      }),
    async *list(prefix) {
      const keys = await call(async () => Array.fromAsync(shared.list?.(prefix) ?? []));
      yield* keys;
    },
    close: async () => undefined,
  };
  if (watches) {
    storage.watch = (key, onChange) => {
      watchers++;
      const unwatch = shared.watch?.(key, () => {
        // A notice is a hint: late, or lost.
        if (events.random() < 0.8) void events.wait(life, way()).then(() => events.as(life, onChange));
      });
      return () => {
        watchers--;
        unwatch?.();
      };
    };
  }
  return {
    storage,
    get calls() {
      return calls;
    },
    get watchers() {
      return watchers;
    },
  };
}
