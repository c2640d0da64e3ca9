import { parseJsonObject } from "./parse-json.js";
import type { ProcessIdentity } from "./process-identity.js";

/** Who holds a lease. */
export interface LeaseHolder extends ProcessIdentity {
  readonly owner: string;
}

export function formatLeaseFile({ owner, pid, host }: LeaseHolder): string {
  return JSON.stringify({ owner, pid, host, startedAt: new Date().toISOString() });
}

/** Reads it back. `null`: not readable, so that the time alone decides when the lease is over. */
export function parseLeaseFile(text: string): LeaseHolder | null {
  const { owner, pid, host } = parseJsonObject(text) ?? {};
  if (typeof owner !== "string" || typeof host !== "string") return null;
  // Note: kill(0) and kill(-1) mean whole groups of processes.
  return typeof pid === "number" && Number.isInteger(pid) && pid > 0 ? { owner, pid, host } : null;
}
