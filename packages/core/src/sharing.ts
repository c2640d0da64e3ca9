import { isBitbucketAuthError } from "./errors.js";
import { type StopSignal, waitFor } from "./timing.js";

/** Lets callers that want the same thing at the same time share one run of it. */
export interface SingleFlight<T> {
  /** The run under way for this key. */
  current(key: string): Promise<T> | undefined;
  /** Starts a run; the key is free again when it ends. */
  start(key: string, run: () => Promise<T>): Promise<T>;
  /** Lets no further caller join the run under way. It goes on for those that have. */
  retire(key: string): void;
  /** As `retire`, for a run that is not going to end: `settled` no longer waits for it. Does nothing to another run of the key. */
  abandon(key: string, flight: Promise<T>): void;
  /** Resolves when nothing runs any more, whatever came of it. */
  settled(): Promise<void>;
}

/** Empty at first. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>();
  const running = createRunning();
  const free = (key: string, flight: Promise<T>): void => {
    // A later run may have taken the key over.
    if (flights.get(key) === flight) flights.delete(key);
  };
  return {
    current: (key) => flights.get(key),
    start(key, run) {
      const flight = run().finally(() => free(key, flight));
      flights.set(key, flight);
      running.add(flight);
      return flight;
    },
    retire: (key) => void flights.delete(key),
    abandon(key, flight) {
      free(key, flight);
      running.forget(flight);
    },
    settled: () => running.settled(),
  };
}

/** What a wait for another caller's run ends with when that run is not going to end. */
export const lost: unique symbol = Symbol("lost");

/**
 * Waits for a run that another caller began. Where a platform ends what a request began with its response, such a run never
 * ends: `limitMs` pass without a result, or the platform rejects the wait with an error that is none of ours. Both resolve with
 * `lost`, and the caller then runs it itself.
 *
 * `isAlive` is asked each time `limitMs` have passed: while it says so, the wait goes on.
 */
export function join<T>(
  running: Promise<T>,
  limitMs: number,
  signals: readonly (StopSignal | undefined)[] = [],
  isAlive: () => boolean = () => false,
): Promise<T | typeof lost> {
  const joined = running.catch((error: unknown): typeof lost => {
    if (isBitbucketAuthError(error)) throw error;
    return lost;
  });
  const wait = (): Promise<T | typeof lost> =>
    waitFor<T | typeof lost>(joined, signals, {
      timeoutMs: limitMs,
      onTimeout: () => (isAlive() ? wait() : lost),
    });
  return wait();
}

/** How many runs of other callers one caller waits for before it starts its own, even if another is under way. */
const joinedRuns = 2;

/** What bounds a caller's wait for a run. */
export interface JoinBounds {
  /** For the run of another caller: see `join`. */
  readonly limitMs: number;
  readonly signals?: readonly (StopSignal | undefined)[];
}

/** The run under way for this key, or a new one where there is none or it is lost. */
export async function joinOrStart<T>(
  flights: SingleFlight<T>,
  key: string,
  run: () => Promise<T>,
  { limitMs, signals = [] }: JoinBounds,
): Promise<T> {
  for (let joined = 0; joined < joinedRuns; joined++) {
    const running = flights.current(key);
    if (!running) break;
    const found = await join(running, limitMs, signals);
    if (found !== lost) return found;
    flights.abandon(key, running);
  }
  return waitFor(flights.start(key, run), signals);
}

/** Runs what concerns one key one after the other, in the order of asking; different keys do not wait for each other. */
export type Turns = <T>(key: string, run: () => Promise<T>) => Promise<T>;

/** Empty at first; keys without a waiting run are forgotten. A run waits for the one before it at most `limitMs`. */
export function createTurns(limitMs: number): Turns {
  const last = new Map<string, Promise<unknown>>();
  return (key, run) => {
    const previous = last.get(key);
    const turn = (previous ? join(previous, limitMs) : Promise.resolve()).then(run);
    const over = turn.then(
      () => undefined,
      () => undefined,
    );
    last.set(key, over);
    void over.then(() => last.get(key) === over && last.delete(key));
    return turn;
  };
}

/** Work that its owner waits for when it closes, and of which none is begun afterwards. */
export interface RunningWork {
  /** Runs it; rejects with the signal's reason instead when the owner has closed. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when none of it runs any more, whatever came of it. */
  settled(): Promise<void>;
}

/** Empty at first. */
export function createRunningWork(closing: StopSignal): RunningWork {
  const running = createRunning();
  return {
    async run(work) {
      if (closing.aborted) throw closing.reason;
      const run = work();
      running.add(run);
      return run;
    },
    settled: () => running.settled(),
  };
}

/** The promises that have not settled yet. */
function createRunning(): {
  add(promise: Promise<unknown>): void;
  forget(promise: Promise<unknown>): void;
  settled(): Promise<void>;
} {
  const running = new Set<Promise<unknown>>();
  let waiting: (() => void)[] = [];
  const forget = (promise: Promise<unknown>): void => {
    running.delete(promise);
    if (running.size > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  return {
    add(promise) {
      running.add(promise);
      const over = (): void => forget(promise);
      // Handled here: every caller may have left by the time it fails.
      promise.then(over, over);
    },
    forget,
    async settled() {
      // Not by awaiting them: one that is forgotten may never end.
      while (running.size > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
