import { isBitbucketAuthError, StorageError, type StoredConfig } from "@bitbucket-auth/core";
import type { TokenPlan } from "./page-token-config.js";
import { readStoredConfig, type StoredGrant, toStoredConfig } from "./stored-grant.js";

/** Where one grant is kept. */
export interface GrantStore {
  /** Reads it anew. */
  load(): Promise<StoredGrant | undefined>;
  /** Puts it beside the fields of the caller's own that were loaded. */
  save(grant: StoredGrant): Promise<void>;
}

/** The caller's two functions; without them nothing is kept. What they throw becomes a `StorageError` without its words. */
export function openGrantStore({ functions, key }: TokenPlan): GrantStore {
  let theirs: StoredConfig = {};
  return {
    async load() {
      const loaded = readStoredConfig(await called("loadConfig", () => functions?.loadConfig({ key })), key);
      theirs = loaded.theirs;
      return loaded.grant;
    },
    async save(grant) {
      const config = toStoredConfig(grant, theirs, key);
      await called("saveConfig", () => functions?.saveConfig(config, { key }));
    },
  };
}

async function called(name: string, call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    if (isBitbucketAuthError(error)) throw error;
    // What the caller's function threw may hold the config it was given: only its name travels on.
    throw new StorageError(`${name} threw (${error instanceof Error ? error.name : typeof error}).`);
  }
}
