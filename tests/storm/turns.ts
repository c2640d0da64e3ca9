/** Lets programs of one process go on one at a time, in an order that a seed decides. */
export interface Turns {
  /** A number in [0, 1) from the seed. */
  random(): number;
  /** Starts a program and waits until it waits for a turn, or is over. Its outcome is its own affair. */
  start(program: number, run: () => Promise<unknown>): Promise<void>;
  /** For the programs: resolves when it is the turn of this one. */
  take(program: number): Promise<void>;
  /** Chooses who goes on, and waits until that program waits again or is over. */
  next(): Promise<void>;
  isAnybodyLeft(): boolean;
}

interface Waiting {
  readonly program: number;
  readonly go: () => void;
}

export function createTurns(seed: number): Turns {
  const random = linearCongruence(seed);
  const waiting = new Set<Waiting>();
  let latest = -1;
  let arrived: () => void = () => undefined;
  const arrival = (): Promise<void> => new Promise((resolve) => (arrived = resolve));

  return {
    random,
    async start(program, run) {
      const next = arrival();
      run().then(
        () => arrived(),
        () => arrived(),
      );
      await next;
    },
    take: (program) =>
      new Promise((go) => {
        waiting.add({ program, go });
        arrived();
      }),
    async next() {
      const everybody = [...waiting];
      // Mostly on with the same one: a process runs for a while before it is stopped for a while.
      const same = random() < 0.6 ? everybody.find(({ program }) => program === latest) : undefined;
      const chosen = same ?? everybody[Math.floor(random() * everybody.length)];
      if (chosen === undefined) return;
      waiting.delete(chosen);
      latest = chosen.program;
      const next = arrival();
      chosen.go();
      await next;
    },
    isAnybodyLeft: () => waiting.size > 0,
  };
}

/** Enough chance for choices; the same seed makes the same ones. */
function linearCongruence(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
