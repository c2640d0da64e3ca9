/**
 * A map of two generations. What was not set again for two turns goes with its generation: nothing is searched through, so
 * forgetting a hundred thousand entries costs as much as forgetting one.
 */
export interface ForgetfulMap<K, V> {
  get(key: K): V | undefined;
  /** `now` in milliseconds, on a clock of one's own. */
  set(key: K, value: V, now: number): void;
  delete(key: K): void;
}

/** Keeps every entry for at least `turnMs` after it was set. With fewer than `atLeast` entries it forgets none. */
export function createForgetfulMap<K, V>(turnMs: number, atLeast: number): ForgetfulMap<K, V> {
  let young = new Map<K, V>();
  let old = new Map<K, V>();
  let turnedAt = Number.NEGATIVE_INFINITY;
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value, now) {
      // The clock may have been set back: then the turn was in the future, and the next one is as good now as ever.
      const isOver = now - turnedAt >= turnMs || now < turnedAt;
      if (isOver && young.size + old.size >= atLeast) {
        old = young;
        young = new Map();
        turnedAt = now;
      }
      young.set(key, value);
    },
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
  };
}
