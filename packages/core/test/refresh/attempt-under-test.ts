import { createFailureMemory, type FailureMemory } from "../../src/refresh/failure-memory.ts";
import type { GrantRef } from "../../src/refresh/grant-ref.ts";
import type { RefreshContext } from "../../src/refresh/refresh-context.ts";
import {
  refreshUnderLease,
  type Refreshed,
  type RefreshReason,
} from "../../src/refresh/refresh-under-lease.ts";
import { ann, createRefreshUnderTest, type RefreshUnderTest } from "./refresh-under-test.ts";

export interface AttemptUnderTest extends RefreshUnderTest {
  readonly failures: FailureMemory;
  /** Refreshes under the lease as long as "access-1" is what is stored, unless the reason says otherwise. */
  refresh(reason?: Partial<RefreshReason>, ref?: GrantRef): Promise<Refreshed | undefined>;
  /** Whether another process could have the lease now. */
  isLeaseFree(ref?: GrantRef): Promise<boolean>;
}

/** Refreshes under the lease, over a memory storage, canned answers and a clock that stands still. */
export function createAttemptUnderTest(
  answers: Parameters<typeof createRefreshUnderTest>[0] = [],
  overrides: Partial<RefreshContext> = {},
): AttemptUnderTest {
  const test = createRefreshUnderTest(answers, overrides);
  const failures = createFailureMemory(test.context.clock);
  const { tryLease } = test.scripted.storage;
  return {
    ...test,
    failures,
    refresh: (reason, ref = ann) =>
      refreshUnderLease(test.context, failures, ref, {
        need: { minValidityMs: 0 },
        isNeeded: ({ accessToken }) => accessToken === "access-1",
        waits: true,
        ...reason,
      }),
    async isLeaseFree({ key } = ann) {
      const lease = await tryLease(key, { owner: "another process", ttlMs: 30_000 });
      await lease?.release();
      return lease !== null;
    },
  };
}
