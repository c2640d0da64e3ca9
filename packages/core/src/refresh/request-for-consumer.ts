import { clientCredentialsForm } from "../grants/client-credentials.js";
import type { StoredRecord } from "../storage/record-store.js";
import type { FailureMemory } from "./failure-memory.js";
import type { GrantRef } from "./grant-ref.js";
import type { LeaseHold } from "./lease-hold.js";
import { recordFromResponse } from "./record-from-response.js";
import type { RefreshContext } from "./refresh-context.js";
import { recordedFailure } from "./refresh-failure.js";
import type { Redemption } from "./save-redemption.js";
import { startDeadline } from "./timers.js";

/**
 * Asks for a token for the consumer itself (RFC 6749 section 4.4). Nothing is redeemed and nothing can be lost, so there
 * is no announcement; a failure is remembered in this process only.
 */
export async function requestForConsumer(
  context: RefreshContext,
  failures: FailureMemory,
  ref: GrantRef,
  hold: LeaseHold,
  stored: StoredRecord | null,
): Promise<Redemption> {
  const { requestTokens, timeoutMs, clock, random } = context;
  const deadline = startDeadline(timeoutMs);
  try {
    const answer = await requestTokens(clientCredentialsForm(), "client_credentials", deadline.signal);
    if (answer.kind === "tokens") {
      failures.forget(ref);
      const mine = await recordFromResponse(
        context,
        { ...answer.response, refreshToken: undefined },
        { fence: hold.fence },
      );
      const generation = (stored?.record.generation ?? 0) + 1;
      return { version: stored?.version ?? null, mine: { ...mine, generation }, recovered: false };
    }
    const { error } = answer;
    const retryAfterMs = answer.kind === "not_redeemed" ? answer.retryAfterMs : undefined;
    const previous = failures.previous(ref);
    const failure = recordedFailure(previous, {
      code: error.code,
      kind: "failed",
      now: clock.nowFor({}),
      random,
      retryAfterMs,
    });
    failures.remember(ref, stored?.record, { error, failure });
    throw error;
  } finally {
    deadline.cancel();
  }
}
