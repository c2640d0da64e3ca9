import type { RedisConnection } from "./redis-connection.js";

/** Something about the Redis that puts grants at risk, or that could not be found out. */
export interface RedisStorageWarning {
  readonly code: "may_evict" | "eviction_unknown";
  readonly level: "warning" | "info";
  readonly message: string;
}

/**
 * Looks once at how Redis makes room, and speaks up if it may drop grants for it.
 *
 * INFO is asked, because managed services and ACLs that refuse CONFIG mostly allow it.
 */
export async function warnAboutEviction(
  connection: Pick<RedisConnection, "primaries">,
  onWarning: (warning: RedisStorageWarning) => void,
): Promise<void> {
  const primaries = await connection.primaries().catch(() => []);
  const policies = await Promise.all(
    primaries.map(async (send) => {
      const info = await send(["INFO", "memory"]).catch(() => "");
      return /maxmemory_policy:([\w-]+)/.exec(String(info))?.[1];
    }),
  );
  const risky = policies.find((policy) => policy && policy !== "noeviction");
  if (risky) {
    onWarning({
      code: "may_evict",
      level: "warning",
      message: `Redis drops grants when its memory is full (maxmemory-policy ${risky}); their users must then sign in again. Set it to noeviction.`,
    });
  } else if (!policies.includes("noeviction")) {
    onWarning({
      code: "eviction_unknown",
      level: "info",
      message: "Redis does not tell its maxmemory-policy. Make sure that it is noeviction.",
    });
  }
}
