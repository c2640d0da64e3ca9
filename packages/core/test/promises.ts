/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${String(value)}`);
    },
    (error: unknown) => error,
  );
}

/** A promise that the test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** A value that is given out when the test says so. */
export interface Held<T> {
  /** Hands it out once released; `asked` resolves with the first call. */
  readonly give: () => Promise<T>;
  readonly asked: Promise<void>;
  release(): void;
}

export function held<T>(value: T): Held<T> {
  const [asked, released] = [deferred(), deferred()];
  return {
    asked: asked.promise,
    release: () => released.resolve(),
    async give() {
      asked.resolve();
      await released.promise;
      return value;
    },
  };
}

/** Lets everything go on that can go on without a timer. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Goes on as soon as it is so. Cryptography answers from a thread of its own, so that no number of turns is enough for
 * certain: half a minute, short of a test's own limit, only says what was waited for.
 */
export async function until(isSo: () => boolean): Promise<void> {
  const [begunAt] = process.hrtime();
  while (!isSo()) {
    if (process.hrtime()[0] - begunAt > 30) throw new Error(`never came to be: ${String(isSo)}`);
    await turn();
  }
}

/** Whether a promise has settled by now. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  await turn();
  return settled;
}
