import type { StopSignal } from "./stop-signal.js";

/** Work that its owner waits for when it closes, and that nobody begins afterwards. */
export interface RunningWork {
  /** Runs it; rejects with the signal's reason instead when the owner has closed. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when none of it runs any more, whatever came of it. */
  settled(): Promise<void>;
}

/** Empty at first. */
export function createRunningWork(closing: StopSignal): RunningWork {
  const running = new Set<Promise<unknown>>();
  return {
    async run(work) {
      if (closing.aborted) throw closing.reason;
      const run = work();
      running.add(run);
      try {
        return await run;
      } finally {
        running.delete(run);
      }
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
