/** Where "now" comes from. Tests pass one they can move; everything else uses the machine's. */
export interface Clock {
  /** The current time in epoch milliseconds. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };
