/** One of several ways to do the same thing. */
export interface Contestant {
  readonly name: string;
  /** Does it so many times; resolves when the last one is done. */
  readonly run: (times: number) => Promise<void>;
}

/** How one contestant did. */
export interface Standing {
  readonly name: string;
  /** How often it does the thing in a second. */
  readonly rate: number;
  /** Its time as a multiple of the first contestant's. */
  readonly time: number;
  /** The same of the processor time this process took, which a busy machine falsifies less. */
  readonly processorTime: number;
}

export interface TurnsOptions {
  readonly rounds: number;
  readonly timesPerRound: number;
  /** No round starts after this, counted from the first that counts. A slow machine gets fewer rounds. */
  readonly budgetMs: number;
}

/** How many rounds are run first and not counted: code is compiled and connections are opened in them. */
const warmUpRounds = 12;

/**
 * Measures in short rounds in which each runs once, each round in another order, so that whatever the machine does it does to
 * all alike. A multiple is the median of the multiples within the rounds: one bad round moves no result.
 */
export async function takeTurns(
  contestants: readonly [Contestant, ...Contestant[]],
  { rounds, timesPerRound, budgetMs }: TurnsOptions,
): Promise<{ readonly rounds: number; readonly standings: readonly Standing[] }> {
  let startedAt = performance.now();
  const measured: ReadonlyMap<Contestant, Cost>[] = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    if (round === 0) startedAt = performance.now();
    if (round > 0 && performance.now() - startedAt > budgetMs) break;
    const costs = new Map<Contestant, Cost>();
    for (const contestant of inOrderOf(round + warmUpRounds, contestants))
      costs.set(contestant, await costOf(contestant, timesPerRound));
    if (round >= 0) measured.push(costs);
  }
  const [first] = contestants;
  const multiple = (contestant: Contestant, what: keyof Cost): number =>
    median(measured.map((costs) => (costs.get(contestant)?.[what] ?? 0) / (costs.get(first)?.[what] ?? 1)));
  const standings = contestants.map((contestant) => ({
    name: contestant.name,
    rate: (timesPerRound * 1000) / median(measured.map((costs) => costs.get(contestant)?.timeMs ?? 0)),
    time: multiple(contestant, "timeMs"),
    processorTime: multiple(contestant, "processorMs"),
  }));
  return { rounds: measured.length, standings };
}

interface Cost {
  readonly timeMs: number;
  readonly processorMs: number;
}

async function costOf({ run }: Contestant, times: number): Promise<Cost> {
  const processor = process.cpuUsage();
  const startedAt = performance.now();
  await run(times);
  const timeMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(processor);
  return { timeMs, processorMs: (user + system) / 1000 };
}

/** Each comes first as often as last, and after each of the others. */
function inOrderOf<T>(round: number, list: readonly T[]): readonly T[] {
  const shift = round % list.length;
  const turned = [...list.slice(shift), ...list.slice(0, shift)];
  return Math.floor(round / list.length) % 2 === 0 ? turned : turned.toReversed();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
