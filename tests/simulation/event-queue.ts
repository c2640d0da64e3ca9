import { AsyncLocalStorage } from "node:async_hooks";
import { seededRandom } from "./seeded-random.ts";

/** One life of a simulated process. Whatever it waits for is its own, and dies or stands still with it. */
export interface Life {
  readonly name: string;
  /** `true`: killed. Nothing it waited for ever comes. */
  dead: boolean;
  /** Nothing of it runs before this instant. */
  frozenUntil: number;
}

/** The simulated world's time, and everything that waits in it. Goes from one event to the next, never by itself. */
export interface EventQueue {
  /** Milliseconds that have passed in the world. */
  readonly now: number;
  /** A number in [0, 1) from the seed. */
  random(): number;
  /** A whole number in [from, to] from the seed. */
  between(from: number, to: number): number;
  /** Resolves `ms` later, when the life still lives. `null`: for the simulation itself. */
  wait(life: Life | null, ms: number): Promise<void>;
  /** Time that passes while nobody else gets a turn. */
  pass(ms: number): void;
  /** Runs code as this life: its timers are known as its own. */
  as<T>(life: Life, run: () => T): T;
  /** Kills: what the life waits for is dropped. */
  kill(life: Life): void;
  /** How many timers of the life are set. */
  timersOf(life: Life): number;
  /** Lets the next event happen and whatever follows from it at once. `false`: nobody waits for anything. */
  next(): Promise<boolean>;
  /** Puts the world's timers in place of the platform's, for code that runs as a life; answers how to take them back. */
  install(): () => void;
}

interface Waiting {
  readonly at: number;
  readonly life: Life | null;
  readonly isTimer: boolean;
  readonly go: () => void;
}

const { setTimeout, setInterval, clearTimeout, clearInterval, setImmediate } = globalThis;

/** The same seed makes the same world. */
export function createEventQueue(seed: number): EventQueue {
  const random = seededRandom(seed);
  const waiting = new Map<number, Waiting>();
  const running = new AsyncLocalStorage<Life>();
  let now = 0;
  let ids = 0;
  const readyAt = ({ at, life }: Waiting): number => Math.max(at, life?.frozenUntil ?? 0);
  const add = (event: Waiting): number => {
    if (!event.life?.dead) waiting.set(++ids, event);
    return ids;
  };
  const setTimer = (life: Life, ms: number, run: () => void): number =>
    add({ at: now + Math.max(1, ms), life, isTimer: true, go: () => running.run(life, run) });

  return {
    get now() {
      return now;
    },
    random,
    between: (from, to) => from + Math.floor(random() * (to - from + 1)),
    wait: (life, ms) =>
      new Promise((resolve) => void add({ at: now + ms, life, isTimer: false, go: resolve })),
    pass: (ms) => void (now += ms),
    as: (life, run) => running.run(life, run),
    kill(life) {
      life.dead = true;
      for (const [id, event] of waiting) if (event.life === life) waiting.delete(id);
    },
    timersOf: (life) => [...waiting.values()].filter((event) => event.isTimer && event.life === life).length,

    async next() {
      let first: [id: number, event: Waiting] | undefined;
      for (const entry of waiting) if (!first || readyAt(entry[1]) < readyAt(first[1])) first = entry;
      if (!first) return false;
      const [id, event] = first;
      waiting.delete(id);
      now = Math.max(now, readyAt(event));
      event.go();
      // What follows from it needs promises only, and those of streams a few turns of the loop.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      return true;
    },

    install() {
      const platform = globalThis as {
        setTimeout: unknown;
        setInterval: unknown;
        clearTimeout: unknown;
        clearInterval: unknown;
      };
      const clear = (real: (timer: never) => void) => (timer: unknown) =>
        typeof timer === "number" ? void waiting.delete(timer) : real(timer as never);
      platform.setTimeout = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
        const life = running.getStore();
        return life ? setTimer(life, ms, () => run(...given)) : setTimeout(run, ms, ...given);
      };
      platform.setInterval = (run: () => void, ms = 0) => {
        const life = running.getStore();
        if (!life) return setInterval(run, ms);
        // The id stays the same, so that it can be cleared at any time.
        const beat = (id: number): void => {
          waiting.set(id, {
            at: now + Math.max(1, ms),
            life,
            isTimer: true,
            go() {
              beat(id);
              running.run(life, run);
            },
          });
          if (life.dead) waiting.delete(id);
        };
        beat(++ids);
        return ids;
      };
      platform.clearTimeout = clear(clearTimeout);
      platform.clearInterval = clear(clearInterval);
      return () => Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
    },
  };
}
