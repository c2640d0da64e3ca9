import type { AnyBitbucketAuthError } from "../errors.js";
import type { RecordedFailure, TokenRecord } from "../storage/token-record.js";
import type { GrantRef } from "./grant-ref.js";
import type { RefreshFailure } from "./refresh-failure.js";
import { isCoolingDown } from "./refresh-policy.js";
import type { ServerClock } from "./server-clock.js";

interface RememberedFailure {
  readonly error: AnyBitbucketAuthError;
  /** Dated by this machine, whatever clock the record is on. */
  readonly failure: RecordedFailure;
  readonly refreshFp: string | undefined;
}

/**
 * The failures of this process, each with the error it gave. Holds back attempts even when the storage could not take
 * the note, and gives callers in the cool-down the same error as the first.
 */
export interface FailureMemory {
  remember(
    ref: GrantRef,
    record: TokenRecord | undefined,
    failure: Pick<RefreshFailure, "error" | "failure">,
  ): void;
  forget(ref: GrantRef): void;
  previous(ref: GrantRef): RecordedFailure | undefined;
  isCooling(ref: GrantRef): boolean;
  /** Throws the remembered error while it cools down, unless another refresh token is stored by now. */
  assertNone(ref: GrantRef, record: TokenRecord | undefined): void;
}

/** Empty at first. */
export function createFailureMemory(clock: ServerClock): FailureMemory {
  const now = (): number => clock.nowFor({});
  const failures = new Map<string, RememberedFailure>();
  return {
    remember({ key }, record, { error, failure }) {
      const at = now();
      const retryAt = failure.retryAt && failure.retryAt - failure.at + at;
      failures.set(key, { error, failure: { ...failure, at, retryAt }, refreshFp: record?.refreshFp });
    },
    forget: ({ key }) => void failures.delete(key),
    previous: ({ key }) => failures.get(key)?.failure,
    isCooling: ({ key }) => isCoolingDown(failures.get(key)?.failure, now()),
    assertNone({ key }, record) {
      const known = failures.get(key);
      if (!known) return;
      if (known.refreshFp === record?.refreshFp && isCoolingDown(known.failure, now())) throw known.error;
      if (known.refreshFp !== record?.refreshFp) failures.delete(key);
    },
  };
}
