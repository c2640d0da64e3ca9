/** What may go wrong in a simulated world. Chances are per call, from 0 to 1. */
export interface Mishaps {
  /** A storage call that fails before anything was done. */
  readonly storageFails: number;
  /** A storage call that is done and all the same reported as failed. */
  readonly storageLies: number;
  /** How long the whole storage is gone when it goes. 0: never. */
  readonly outageMs: number;
  /** An answer of the token endpoint that gets lost after the fact. */
  readonly answerLost: number;
  /** A connection that is refused before anything is sent, or a 503. */
  readonly unsent: number;
  /** How long a process stands still when it does. 0: never. */
  readonly freezeMs: number;
  /** Whether processes are killed. */
  readonly kills: boolean;
  /** Whether processes close in an orderly way, and others start. */
  readonly closes: boolean;
  /** The furthest that a process's clock is off, either way. */
  readonly clockOffMs: number;
}

const none: Mishaps = {
  storageFails: 0,
  storageLies: 0,
  outageMs: 0,
  answerLost: 0,
  unsent: 0,
  freezeMs: 0,
  kills: false,
  closes: false,
  clockOffMs: 0,
};

/** Nothing breaks: only the order of things is bad luck. */
export const fairWeather: Mishaps = { ...none, closes: true };

/** Nothing that a strict server would punish: no lease lapses, no answer is lost. */
export const roughStorage: Mishaps = {
  ...none,
  storageFails: 0.06,
  storageLies: 0.06,
  outageMs: 12_000,
  unsent: 0.05,
};

/** Everything, for a server with a leeway. */
export const everything: Mishaps = {
  storageFails: 0.04,
  storageLies: 0.04,
  outageMs: 90_000,
  answerLost: 0.15,
  unsent: 0.05,
  freezeMs: 100_000,
  kills: true,
  closes: false,
  clockOffMs: 0,
};

/** Clocks of the processes are off, nothing else. */
export const wrongClocks: Mishaps = { ...none, closes: true, clockOffMs: 3 * 3_600_000 };
