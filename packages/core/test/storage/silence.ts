/** A call that never ends. */
export const never = (): Promise<never> => new Promise(() => undefined);

/** Gives the keys, and then nothing more for ever. */
export async function* silentAfter(...keys: readonly string[]): AsyncGenerator<string> {
  yield* keys;
  await never();
}

/** A promise that is looked at from outside. */
export interface Watched {
  readonly ended: boolean;
  /** What it rejected with, or a sentence that it did not. */
  readonly rejection: Promise<unknown>;
}

/** Watches a promise, and takes care of its rejection from the start. */
export function watch(promise: Promise<unknown>): Watched {
  let ended = false;
  const rejection = promise.then(
    (value) => {
      ended = true;
      return `it resolved with ${String(value)}`;
    },
    (error: unknown) => {
      ended = true;
      return error;
    },
  );
  return {
    get ended() {
      return ended;
    },
    rejection,
  };
}
