import type { BrokenStorages } from "./breaking.ts";
import { brokenConcurrency, brokenHandles, brokenProcesses } from "./broken-concurrency.ts";
import { brokenDeletions } from "./broken-deletions.ts";
import { brokenLeases } from "./broken-leases.ts";
import { brokenLifecycles } from "./broken-lifecycles.ts";
import { brokenLists } from "./broken-lists.ts";
import { brokenValues } from "./broken-values.ts";
import { brokenWatchers } from "./broken-watchers.ts";
import { brokenWrites } from "./broken-writes.ts";

/** For each case of the contract, by title, a storage that is broken on purpose and must fail it. */
export const brokenStorages: BrokenStorages = {
  ...brokenWrites,
  ...brokenDeletions,
  ...brokenValues,
  ...brokenLeases,
  ...brokenLifecycles,
  ...brokenLists,
  ...brokenWatchers,
  ...brokenConcurrency,
  ...brokenHandles,
  ...brokenProcesses,
};
