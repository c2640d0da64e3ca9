import {
  type CasResult,
  getAccessToken as getTokenFromCore,
  InvalidOptionsError,
  storageFromConfig,
  type TokenConfig,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createPageStorage } from "./page-storage.js";

/**
 * An access token for a page, in one call: core's `getAccessToken(config)`, with the same options and errors. A valid stored token,
 * else by the refresh token, else by `credentialsProvider`, else by client credentials. What is new is saved before it is handed out.
 *
 * Give `storage: createPageStorage()`, or `loadConfig` and `saveConfig`: both are shared by the tabs of this origin, which then make one
 * request for one expired grant. Without either nothing is kept.
 *
 * **Every reader of the page can read the consumer's secret in it.** For pages on your own machines, extensions and kiosks.
 */
export async function getAccessToken(config: TokenConfig = {}): Promise<string> {
  const given = storageFromConfig(config);
  for (const name of ["credentialsProvider", "useRefreshToken"] as const)
    if (typeof (config[name] ?? getAccessToken) !== "function")
      throw new InvalidOptionsError(`getAccessToken() takes ${name} as a function.`);
  const { loadConfig, saveConfig: _saveConfig, ...rest } = config;
  // Without one, core has to know: then the successor of a refresh token goes to `onUnpersisted`, or the call is refused.
  const storage = given === config.storage ? given : (config.storage ?? loadConfig) && acrossTabs(given);
  const calls = callsOf(storage ?? nowhere);
  const call = JSON.stringify(rest, namesOfCall);
  const running = calls.get(call) ?? getTokenFromCore({ ...rest, storage }).finally(() => calls.delete(call));
  calls.set(call, running);
  return running;
}

/** What two calls have to have in common to share a run; `tokenUrl` is in `endpoints`. */
const namesOfCall = [
  "endpoints",
  "tokenUrl",
  "consumerKey",
  "consumerSecret",
  "appName",
  "forceCredentials",
  "refreshToken",
];

/** Stands for the storage of calls that keep nothing. */
const nowhere = {};
const runningCalls = new WeakMap<object, Map<string, Promise<string>>>();

function callsOf(owner: object): Map<string, Promise<string>> {
  const calls = runningCalls.get(owner) ?? new Map<string, Promise<string>>();
  runningCalls.set(owner, calls);
  return calls;
}

const shared = new WeakMap<TokenStorage, TokenStorage>();

/** The storage of two functions, with leases and writes that exclude the other tabs. The same storage always gives the same one. */
function acrossTabs(storage: TokenStorage): TokenStorage {
  const known = shared.get(storage) ?? shareAcrossTabs(storage);
  shared.set(storage, known);
  return known;
}

/** How often, and how many milliseconds apart, a tab looks for what another tab has saved. */
const mostLooks = 50;
const looksApartMs = 5;

/**
 * Leases are the page storage's. A write takes its turn under a Web Lock, and only once `loadConfig` gives what was last saved: in
 * Chromium a write to local storage reaches other tabs some time after the lock does, and a write compared with older content would
 * undo it. So the version of each save is noted where tabs see it at once.
 */
function shareAcrossTabs(storage: TokenStorage): TokenStorage {
  const notes = createPageStorage({ name: "bitbucket-auth turns", logging: false });
  // Not the grant's own key: what local storage has under that is the caller's and not to be taken over.
  const noteOf = (key: string): string => `turns of ${key}`;
  const untilLastSaveIsSeen = async (key: string): Promise<void> => {
    const note = await notes.get(noteOf(key));
    for (let look = 0; note && look < mostLooks; look++) {
      const entry = await storage.get(key);
      if (entry?.version === note.version) return;
      await new Promise((resolve) => setTimeout(resolve, looksApartMs));
    }
  };
  const note = async (key: string, version: string): Promise<void> => {
    const write = (expected: string | null): Promise<CasResult> =>
      notes.compareAndSwap(noteOf(key), expected, new Uint8Array(), { version });
    const written = await write(null);
    if (!written.ok) await write(written.current);
  };

  // Note: `getAccessToken()` deletes nothing, so that a deletion has no turn of its own.
  return {
    ...storage,
    get caps() {
      return { ...storage.caps, lease: notes.caps.lease };
    },
    compareAndSwap: (key, expected, bytes, options) =>
      inTurn(key, async () => {
        await untilLastSaveIsSeen(key);
        const result = await storage.compareAndSwap(key, expected, bytes, options);
        // The save has happened all the same: without the note other tabs may see it a moment later.
        if (result.ok) await note(key, options.version).catch(() => undefined);
        return result;
      }),
    tryLease: (key, options) => notes.tryLease(noteOf(key), options),
  };
}

/** Below the time that core waits for a storage. */
const turnMs = 8_000;

/** Runs while no other tab runs for this key. Without Web Locks (plain http, old browsers) it just runs. */
async function inTurn<T>(key: string, run: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return run();
  return locks.request(`bitbucket-auth write ${key}`, { signal: AbortSignal.timeout(turnMs) }, run);
}
