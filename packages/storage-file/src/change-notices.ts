import { watch as watchDirectory } from "node:fs";
import type { Warn } from "./warning.js";

/** Watches directories for as long as a caller listens. */
export interface ChangeNotices {
  /** Calls `onChange` when something in the directory changes. `prepare` makes the directory first. */
  listen(directory: string, prepare: () => Promise<void>, onChange: () => void): () => void;
  close(): void;
}

/** Notices from the operating system. A hint: where there are none to have, callers poll, as they do anyway. */
export function createChangeNotices(warn: Warn): ChangeNotices {
  const stops = new Set<() => void>();
  let isToldOf = false;
  let closed = false;

  const tellOnce = (directory: string): void => {
    if (isToldOf) return;
    isToldOf = true;
    warn({
      code: "watch_failed",
      path: directory,
      message: `Changes in ${directory} cannot be watched, so refreshes of other processes are noticed a little later.`,
    });
  };

  return {
    listen(directory, prepare, onChange) {
      if (closed) return () => {};
      let stopped = false;
      let stopWatching = (): void => {};
      const stop = (): void => {
        stopped = true;
        stops.delete(stop);
        stopWatching();
      };
      stops.add(stop);
      const giveUp = (): void => {
        if (stopped) return;
        stop();
        tellOnce(directory);
      };
      const begin = async (): Promise<void> => {
        await prepare();
        if (stopped) return;
        const watcher = watchDirectory(directory, { persistent: false }, () => {
          if (!stopped) onChange();
        });
        // Note: not by a signal. Under jsdom it would be one of another realm.
        stopWatching = () => watcher.close();
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
