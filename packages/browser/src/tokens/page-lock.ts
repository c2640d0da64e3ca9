import { RefreshContentionError } from "@bitbucket-auth/core";

/**
 * Runs while no other tab of this origin runs under the same name, by the Web Locks API; without it (insecure pages, old
 * browsers) it just runs. Rejects with `RefreshContentionError` when the others have not finished after `patienceMs`.
 */
export async function inTurn<T>(name: string, patienceMs: number, run: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return run();
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), patienceMs);
  let running: Promise<T> | undefined;
  try {
    await locks.request(name, { signal: impatience.signal }, () => {
      clearTimeout(timer);
      running = run();
      return running;
    });
  } catch {
    if (impatience.signal.aborted)
      throw new RefreshContentionError("Another tab has been busy with this grant for too long. Try again.");
  } finally {
    clearTimeout(timer);
  }
  // Where pages may not lock, as in a sandbox, nothing is shared with another tab either.
  return running ?? run();
}
