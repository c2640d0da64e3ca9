import { isLive } from "./grant-state.js";
import type { MockContext } from "./mock-context.js";
import type { GrantState } from "./mock-state.js";

/** A grant as a list may show it: no token in it. */
export interface GrantSummary {
  readonly id: string;
  readonly clientId: string;
  /** `null`: the consumer itself. */
  readonly username: string | null;
  readonly scopes: readonly string[];
  readonly generation: number;
  readonly reuseCount: number;
  readonly live: boolean;
}

export function summarizeGrant(context: MockContext, grant: GrantState): GrantSummary {
  const { id, clientId, username, scopes, generation, reuseCount } = grant;
  return { id, clientId, username, scopes, generation, reuseCount, live: isLive(context, grant) };
}
