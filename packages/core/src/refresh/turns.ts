/** Runs what concerns one key one after the other, in the order of asking; different keys do not wait for each other. */
export type Turns = <T>(key: string, run: () => Promise<T>) => Promise<T>;

/** Nobody waits at first; keys that nobody waits for are forgotten. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return (key, run) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(run);
    const over = turn.then(
      () => undefined,
      () => undefined,
    );
    last.set(key, over);
    void over.then(() => last.get(key) === over && last.delete(key));
    return turn;
  };
}
