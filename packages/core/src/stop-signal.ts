/** What core listens to when it waits; every `AbortSignal` is one. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A signal and the way to fire it. */
export interface StopSource {
  readonly signal: StopSignal;
  stop(reason: unknown): void;
}

/**
 * A stop signal that thousands may listen to at once: Node warns of a leak at the eleventh listener of an `AbortSignal`.
 * Fires once.
 */
export function createStopSource(): StopSource {
  const listeners = new Set<() => void>();
  let stopped: { readonly reason: unknown } | undefined;
  return {
    signal: {
      get aborted() {
        return stopped !== undefined;
      },
      get reason() {
        return stopped?.reason;
      },
      addEventListener: (_type, listener) => void listeners.add(listener),
      removeEventListener: (_type, listener) => void listeners.delete(listener),
    },
    stop(reason) {
      if (stopped) return;
      stopped = { reason };
      for (const listener of listeners) listener();
      listeners.clear();
    },
  };
}
