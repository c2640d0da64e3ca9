import type { TimeSpan } from "./fake/clock.js";
import { startStorm, type Storm, type StormOptions } from "./storm/start-storm.js";
import { stormPoints, type StormPoint } from "./storm/storm-client.js";
import { addAnswers, noAnswers, p99, type StormAnswers, type StormResult } from "./storm/storm-tally.js";

export { openInProcess } from "./storm/storage-process.js";
export {
  startStorm,
  type AskOptions,
  type Storm,
  type StormOptions,
  type StormProfile,
  type StormTrap,
} from "./storm/start-storm.js";
export {
  stormPoints,
  type CreateStormClient,
  type StormClient,
  type StormPoint,
  type StormSetup,
} from "./storm/storm-client.js";
export type { StormAnswers, StormResult } from "./storm/storm-tally.js";

/** What goes wrong. In every round one process is caught in the middle of its refresh while the others ask. */
export interface StormMishaps {
  /** `kill`: SIGKILL there, and a new process later. `freeze`: SIGSTOP there, SIGCONT when all others are done. */
  readonly kind: "kill" | "freeze";
  /** Which points take part, in turn from seed to seed. Absent: all. */
  readonly points?: readonly StormPoint[];
}

/** How a storm goes. */
export interface StormRunOptions extends StormOptions {
  /** How often the access tokens run out; each time all callers ask at once. @default 50 */
  readonly expiries?: number;
  readonly mishaps?: StormMishaps;
  /** A whole number that determines every choice. Round r uses seed + r, so that one round can be repeated alone. @default random */
  readonly seed?: number;
}

/** Past the life of an access token, and past the leeway of the refresh token before. */
const expiry: TimeSpan = "121m";

/**
 * Runs clients in many processes against a fake in another, lets their tokens run out again and again, and counts the outcome.
 * Every process has ended when it resolves or rejects.
 *
 * Rejects when a worker module cannot be loaded, or when the accounts cannot be signed in.
 */
export async function runStorm(options: StormRunOptions): Promise<StormResult> {
  const { expiries = 50, mishaps, seed = Math.floor(Math.random() * 2 ** 31), processes = 8 } = options;
  const storm = await startStorm(options);
  const caught: Partial<Record<StormPoint, number>> = {};
  const totals = { answers: noAnswers, grantsLost: 0, lostReported: 0 };
  try {
    for (let round = 0; round < expiries; round++) {
      await storm.advance(expiry);
      const played: Played = mishaps
        ? await playMishap(storm, mishaps, seed + round, processes)
        : { answers: await storm.ask() };
      totals.answers = addAnswers(totals.answers, played.answers);
      if (played.caughtAt) caught[played.caughtAt] = (caught[played.caughtAt] ?? 0) + 1;
      for (const account of await lostAccounts(storm, played.answers)) {
        totals.grantsLost += 1;
        if (played.answers.reportedLost.includes(account)) totals.lostReported += 1;
        await storm.signIn(account);
      }
    }
    const [tokenRequests, reuse] = await Promise.all([
      storm.bitbucket.requests.count("token:refresh_token"),
      storm.bitbucket.reuseCount(),
    ]);
    const last = await storm.stop();
    const { durationsMs, reportedLost: _, servedOf: __, ...counted } = addAnswers(totals.answers, last);
    return {
      seed,
      tokenRequests,
      reuse,
      ...counted,
      caught,
      grantsLost: totals.grantsLost,
      lostReported: totals.lostReported,
      p99Ms: p99(durationsMs),
    };
  } catch (error) {
    await storm.stop();
    throw error;
  }
}

/** What became of one round. */
interface Played {
  readonly answers: StormAnswers;
  /** Where the process was caught, if it came by. */
  readonly caughtAt?: StormPoint;
}

async function playMishap(
  storm: Storm,
  { kind, points = stormPoints }: StormMishaps,
  seed: number,
  processes: number,
): Promise<Played> {
  const victim = Math.floor(seededRandom(seed)() * processes);
  const others = Array.from({ length: processes }, (_, index) => index).filter((index) => index !== victim);
  const point = points[seed % points.length] ?? "before-lease";
  const trap = await storm.trap(victim, point);
  if (kind === "freeze") trap.freeze();
  const replaced = kind === "kill" && trap.caught ? trap.kill() : undefined;
  const answers = await storm.ask({ processes: others });
  trap.release();
  await replaced;
  return { answers: addAnswers(answers, await trap.answers), ...(trap.caught && { caughtAt: point }) };
}

/** The accounts whose grant is dead. When no caller was served although the fake would, all get one more chance. */
async function lostAccounts(storm: Storm, { servedOf }: StormAnswers): Promise<string[]> {
  const lost: string[] = [];
  const unserved: string[] = [];
  for (const account of storm.accounts) {
    const { live } = await storm.bitbucket.grant(storm.grant(account)).look();
    if (!live) lost.push(account);
    else if (!servedOf[account]) unserved.push(account);
  }
  if (unserved.length === 0) return lost;
  await storm.advance(expiry);
  const again = await storm.ask({ callers: 1 });
  return [...lost, ...unserved.filter((account) => !again.servedOf[account])];
}

/** Numbers in [0, 1) that a seed determines (mulberry32): what chance did once, the same seed does again. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
