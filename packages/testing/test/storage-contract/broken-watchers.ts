import { breaking, type BrokenStorages, type OpenBroken } from "./breaking.ts";

export const brokenWatchers: BrokenStorages = {
  "a watcher is told of a write": breaking(() => ({ watch: () => () => {} })),
  "a watcher is told of a deletion": tellingOfWritesOnly(),
  "a watcher is told that a lease was released": tellingOfWritesOnly(),

  "every watcher of a key is told": breaking((sound) => {
    let last: (() => void) | undefined;
    return {
      watch: (key, onChange) => {
        last = onChange;
        return sound.watch!(key, () => (onChange === last ? onChange() : undefined));
      },
    };
  }),

  "a watcher that was stopped hears nothing": breaking((sound) => ({
    watch: (key, onChange) => {
      sound.watch?.(key, onChange);
      return () => {};
    },
  })),
};

function tellingOfWritesOnly(): () => OpenBroken {
  return breaking((sound) => {
    const listeners = new Set<() => void>();
    return {
      watch: (_key, onChange) => {
        listeners.add(onChange);
        return () => listeners.delete(onChange);
      },
      async compareAndSwap(...write) {
        const result = await sound.compareAndSwap(...write);
        for (const onChange of listeners) onChange();
        return result;
      },
    };
  });
}
