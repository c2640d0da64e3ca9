import type { StopSignal } from "../src/timing.ts";

/** A signal of another realm, as jsdom and polyfills have one: the shape of an `AbortSignal`, and none to the platform. */
export interface ForeignSignal {
  readonly signal: AbortSignal;
  /** Listeners on it. */
  listeners(): number;
  abort(reason: unknown): void;
}

export function createForeignSignal(): ForeignSignal {
  const listeners = new Set<() => void>();
  const signal: StopSignal & { aborted: boolean; reason: unknown } = {
    aborted: false,
    reason: undefined,
    addEventListener: (_type, listener) => void listeners.add(listener),
    removeEventListener: (_type, listener) => void listeners.delete(listener),
  };
  return {
    signal: signal as unknown as AbortSignal,
    listeners: () => listeners.size,
    abort(reason) {
      signal.aborted = true;
      signal.reason = reason;
      for (const listener of listeners) listener();
    },
  };
}
