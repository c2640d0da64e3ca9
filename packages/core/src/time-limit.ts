import { startTimer, type StartTimer } from "./timer.js";

/**
 * Calls back after `ms` milliseconds, for whoever gives up then; what it answers calls that off.
 *
 * The last tenth, a second at most, is a timer of its own. A process that was frozen wakes with its timers overdue and runs
 * them before it reads its sockets: what came meanwhile is read in that second, and not given up unread.
 */
export const startLimit: StartTimer = (ms, onTime) => {
  const lastMs = Math.min(1_000, Math.ceil(ms / 10));
  let stop = startTimer(ms - lastMs, () => {
    stop = startTimer(lastMs, onTime);
  });
  return () => stop();
};
