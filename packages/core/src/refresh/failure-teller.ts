import { isBitbucketAuthError } from "../errors.js";
import type { EventHub } from "../events.js";
import type { GrantRef } from "./grant-ref.js";

/** Reports failed refreshes, each error once: in the cool-down callers get the error of the attempt that was made. */
export function createFailureTeller(events: EventHub): (ref: GrantRef, error: unknown) => void {
  const told = new WeakSet<Error>();
  return ({ account }, error) => {
    if (!isBitbucketAuthError(error) || told.has(error)) return;
    told.add(error);
    const { code, retryAt } = error;
    events.emit("failed", { account, code, ...(retryAt !== undefined && { retryAt }) });
  };
}
