import { startStorm, type Storm, type StormOptions } from "@bitbucket-auth/testing/storm";
import { storageWorker } from "../storm/storm-storage.ts";

/** Lends a storm of a few processes and ends it. Answers what its workers counted at the very end, too. */
export async function withStorm<T>(
  options: Omit<StormOptions, "worker">,
  use: (storm: Storm) => Promise<T>,
): Promise<T> {
  const storm = await startStorm({ processes: 3, callers: 5, worker: storageWorker, ...options });
  try {
    return await use(storm);
  } finally {
    await storm.stop();
  }
}

/** How many refreshes reached Bitbucket, and how many of them presented a spent token. */
export async function redemptions({ bitbucket }: Storm): Promise<{ sent: number; reuse: number }> {
  const [sent, reuse] = await Promise.all([
    bitbucket.requests.count("token:refresh_token"),
    bitbucket.reuseCount(),
  ]);
  return { sent, reuse };
}
