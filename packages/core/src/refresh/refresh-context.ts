import type { EventHub } from "../events.js";
import type { RecordStore } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/token-record.js";
import type { GrantType, TokenAnswer } from "../token-endpoint/token-answer.js";
import type { ConsumerBreaker } from "./consumer-breaker.js";
import type { RefreshPolicy } from "./refresh-policy.js";
import type { StopSignal } from "../stop-signal.js";
import type { ServerClock } from "./server-clock.js";

/** Sends one token request and says what the answer means. Never rejects. */
export type RequestTokens = (
  form: Readonly<Record<string, string>>,
  grant: GrantType,
  signal: AbortSignal,
) => Promise<TokenAnswer>;

/** What the parts of a refresh share: passed in, so that each part can be tested alone. */
export interface RefreshContext {
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
