/** Lets callers who want the same thing at the same time share one run of it. */
export interface SingleFlight<T> {
  /** The run under way for this key. */
  current(key: string): Promise<T> | undefined;
  /** Starts a run; the key is free again when it ends. */
  start(key: string, run: () => Promise<T>): Promise<T>;
  /** Lets nobody join the run under way any more. It goes on for those who have. */
  retire(key: string): void;
  /** Resolves when nothing runs any more, whatever came of it. */
  settled(): Promise<void>;
}

/** Empty at first. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>();
  const running = new Set<Promise<T>>();
  return {
    current: (key) => flights.get(key),
    start(key, run) {
      const flight = run().finally(() => {
        running.delete(flight);
        // A later run may have taken the key over.
        if (flights.get(key) === flight) flights.delete(key);
      });
      flights.set(key, flight);
      running.add(flight);
      // Every caller may have left by the time it fails; nobody is left to be told then.
      flight.catch(() => undefined);
      return flight;
    },
    retire: (key) => void flights.delete(key),
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
