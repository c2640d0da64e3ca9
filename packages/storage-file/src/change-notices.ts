import { watch as watchDirectory } from "node:fs";
import type { Warn } from "./warning.js";

/** Watches directories for as long as somebody listens. */
export interface ChangeNotices {
  /** Calls `onChange` when something in the directory changes. `prepare` makes the directory first. */
  listen(directory: string, prepare: () => Promise<void>, onChange: () => void): () => void;
  close(): void;
}

/** Notices from the operating system. A hint: when there are none left to have, callers poll as they would anyway. */
export function createChangeNotices(warn: Warn): ChangeNotices {
  const stops = new Set<() => void>();
  let isToldOf = false;
  let closed = false;
  return {
    listen(directory, prepare, onChange) {
      if (closed) return () => {};
      const ended = new AbortController();
      const stop = (): void => {
        ended.abort();
        stops.delete(stop);
      };
      stops.add(stop);
      const giveUp = (): void => {
        if (ended.signal.aborted) return;
        stop();
        if (isToldOf) return;
        isToldOf = true;
        warn({
          code: "watch_failed",
          path: directory,
          message: `Changes in ${directory} cannot be watched, so other processes' refreshes are noticed a little later.`,
        });
      };
      const begin = async (): Promise<void> => {
        await prepare();
        if (ended.signal.aborted) return;
        const watcher = watchDirectory(directory, { persistent: false, signal: ended.signal }, () => {
          if (!ended.signal.aborted) onChange();
        });
        watcher.on("error", giveUp);
      };
      begin().catch(giveUp);
      return stop;
    },
    close() {
      closed = true;
      for (const stop of stops) stop();
    },
  };
}
