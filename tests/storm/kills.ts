import { runStorm, type StormResult } from "@bitbucket-auth/testing/storm";
import { storageWorker, withStormStorage, type StormStorageName } from "./storm-storage.ts";

export const killedProcesses = { processes: 3, callers: 5 };

/**
 * Kills a process in the middle of each of `seeds` refreshes, at each step in turn. The others wait for its lease, which lapses
 * soon, or for files would outlast their patience, and give up when it never is free. That patience is far more than a busy
 * machine needs, so that being served says that they went on, and nothing about the machine.
 */
export async function killAtEveryStep(
  name: StormStorageName,
  options: { readonly seed: number; readonly seeds: number; readonly profile: "strict" | "cloud-2026" },
): Promise<StormResult> {
  const { seed, seeds, profile } = options;
  const times = {
    leaseMs: name === "file" ? "600000" : "3000",
    contentionMs: "60000",
    timeoutMs: "2900",
    rereadMs: "20",
  };
  return withStormStorage(name, (settings) =>
    runStorm({
      ...killedProcesses,
      worker: storageWorker,
      settings: { ...settings, ...times },
      mishaps: { kind: "kill" },
      expiries: seeds,
      seed,
      profile,
    }),
  );
}

/** Of the rounds, those whose victim had been answered by Bitbucket and had saved nothing. */
export function lostResponses({ caught }: StormResult): number {
  return (caught["after-send"] ?? 0) + (caught["before-save"] ?? 0);
}

export function allCaught({ caught }: StormResult): number {
  return Object.values(caught).reduce((sum, count) => sum + count, 0);
}
