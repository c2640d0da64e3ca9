import type { EventHub } from "../events.js";
import type { RecordStore } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/record.js";
import type { StopSignal } from "../timing.js";
import type { RequestTokens } from "../token-endpoint/answer.js";
import type { ConsumerBreaker } from "./breaker.js";
import type { RefreshPolicy } from "./policy.js";
import type { ServerClock } from "./server-clock.js";

/** Which grant is meant: where it is stored, and under which account. */
export interface GrantRef {
  readonly key: string;
  /** Absent: the consumer's own, by client credentials. */
  readonly account: string | undefined;
}

/** Keeps the process of a request alive until a promise has settled, where the platform would end it with the response. */
export type WaitUntil = (promise: Promise<unknown>) => void;

/** One caller: when it leaves, and what keeps its process alive. */
export interface Caller {
  readonly signal?: StopSignal | undefined;
  readonly waitUntil?: WaitUntil | undefined;
}

/** Gives the platform work that outlives its caller, so that the process is kept alive until it has ended. Never throws. */
export function passToPlatform({ waitUntil }: Caller, work: Promise<unknown>): void {
  try {
    waitUntil?.(work.catch(() => undefined));
  } catch {
    // The response has been sent already: the platform takes no more promises, and the token is served all the same.
  }
}

/** What the refresh engine is made of. */
export interface RefreshParts {
  readonly store: RecordStore;
  readonly clock: ServerClock;
  readonly policy: RefreshPolicy;
  readonly events: EventHub;
  readonly breaker: ConsumerBreaker;
  readonly requestTokens: RequestTokens;
  /** Bounds everything that is sent for one refresh. */
  readonly timeoutMs: number;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Fires when the owner closes: waiting ends, what was already sent is finished. */
  readonly closing: StopSignal;
  /** Told of tokens that could not be saved, so that the owner can keep them elsewhere. */
  readonly onUnpersisted?: ((account: string | undefined, record: TokenRecord) => void) | undefined;
}
