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

/**
 * Calls back when one of the signals fires; what it answers calls that off.
 *
 * Note: a `Set` goes on holding for a while what was taken out of it, and a listener holds all that it works with: a whole API
 * call, of which there are thousands. So the signals get something that can be emptied.
 */
export function onStop(signals: readonly (StopSignal | undefined)[], listener: () => void): () => void {
  let listening: (() => void) | undefined = listener;
  const hear = (): void => listening?.();
  for (const signal of signals) signal?.addEventListener("abort", hear);
  return () => {
    listening = undefined;
    for (const signal of signals) signal?.removeEventListener("abort", hear);
  };
}
