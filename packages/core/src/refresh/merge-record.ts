import type { TokenRecord } from "../storage/token-record.js";

/** What to do with a record just redeemed when something else is stored. */
export type MergeDecision = "write" | "write_newer_sibling" | "adopt_sibling" | "adopt_other";

/**
 * Decides between `mine`, got by redeeming the refresh token with fingerprint `redeemedFp`, and what is stored now.
 *
 * Still the redeemed token: write. A sibling, redeemed from the same token by somebody else: the newer redemption wins,
 * because the server may keep only that one alive. Anything else is another sign-in and is never overwritten.
 */
export function mergeRecord(stored: TokenRecord, redeemedFp: string, mine: TokenRecord): MergeDecision {
  if (stored.refreshFp === redeemedFp) return "write";
  if (stored.parentFp !== redeemedFp) return "adopt_other";
  return isNewer(mine, stored) ? "write_newer_sibling" : "adopt_sibling";
}

function isNewer(mine: TokenRecord, stored: TokenRecord): boolean {
  const order = [
    (mine.issuedAt ?? 0) - (stored.issuedAt ?? 0),
    (mine.fence ?? 0) - (stored.fence ?? 0),
    mine.obtainedAt - stored.obtainedAt,
  ];
  return (order.find((difference) => difference !== 0) ?? 0) > 0;
}
