import type { Lease, OpOptions } from "@bitbucket-auth/core";
import type { EntryNames } from "./redis-keys.js";
import { asText } from "./redis-reply.js";
import { releaseLease, renewLease, takeLease, type RedisScript } from "./redis-scripts.js";

/** Runs a script on keys that share a node. */
export type RunScript = (
  script: RedisScript,
  keys: readonly [string, ...string[]],
  args: readonly (string | Uint8Array)[],
  options?: OpOptions,
) => Promise<unknown>;

const fenceKeptMs = 24 * 3_600_000;

/** Redis counts whole milliseconds, and takes none of them to mean "delete". */
const wholeMs = (ms: number): string => String(Math.max(1, Math.ceil(ms)));

/** One attempt at a lease that lapses by the server's clock. Its release is published on `channel`. */
export async function tryRedisLease(
  run: RunScript,
  { lease, fence }: EntryNames,
  channel: string,
  { owner, ttlMs, ...options }: OpOptions & { readonly owner: string; readonly ttlMs: number },
): Promise<Lease | null> {
  const taken = asText(
    await run(
      takeLease,
      [lease, fence],
      [owner, wholeMs(ttlMs), wholeMs(Math.max(ttlMs, fenceKeptMs))],
      options,
    ),
  );
  if (taken === null) return null;
  return {
    fence: Number(taken),
    renew: async (renewedTtlMs) =>
      asText(await run(renewLease, [lease], [owner, taken, wholeMs(renewedTtlMs)])) === "1",
    release: async () => void (await run(releaseLease, [lease], [owner, taken, channel])),
  };
}
