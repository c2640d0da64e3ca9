/** Calls back after `ms` milliseconds; what it answers calls that off. */
export type StartTimer = (ms: number, onTime: () => void) => () => void;

/** The longest a timer can be set for. Note: past it, it would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's timer. */
export const startTimer: StartTimer = (ms, onTime) => {
  const timer = setTimeout(onTime, Math.min(ms, longestTimerMs));
  return () => clearTimeout(timer);
};
