/** The timers as they were when this module loaded: a test that fakes them later does not stop the fake. */
const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;

/** Resolves after `ms` real milliseconds, or as soon as the signal aborts. */
export function realDelay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      realClearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = realSetTimeout(finish, ms);
    if (signal.aborted) finish();
    else signal.addEventListener("abort", finish);
  });
}

/** Calls `onTimeout` after `ms` real milliseconds unless the answered function is called first. */
export function realTimeout(ms: number, onTimeout: () => void): () => void {
  const timer = realSetTimeout(onTimeout, ms);
  return () => realClearTimeout(timer);
}
