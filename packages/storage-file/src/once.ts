/** Asks once for all callers, and again after a refusal. */
export function once<T>(ask: () => Promise<T>): { get(): Promise<T> } {
  let asked: Promise<T> | undefined;
  return {
    get() {
      asked ??= ask().catch((error: unknown) => {
        asked = undefined;
        throw error;
      });
      return asked;
    },
  };
}
