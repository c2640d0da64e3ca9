import type { StormAnswers } from "./storm-tally.js";

/** A process on its way to a point, or standing at it. */
export interface StormTrap {
  /** `false`: its callers were answered without anybody coming by that point. */
  readonly caught: boolean;
  /** SIGKILL. A new process takes its place. */
  kill(): Promise<void>;
  /** SIGSTOP: nothing in it runs, not even the heartbeat of a lease. */
  freeze(): void;
  /** SIGCONT if it was frozen; it goes on from the point. */
  release(): void;
  /** What became of its callers: resolves after `release()` or `kill()`. */
  readonly answers: Promise<StormAnswers>;
}
