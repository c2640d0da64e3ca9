import { createEventHub, type BitbucketAuthEvent } from "../../src/events.ts";
import type { GrantRef } from "../../src/refresh/grant-ref.ts";
import type { RefreshContext } from "../../src/refresh/refresh-context.ts";
import { createConsumerBreaker } from "../../src/refresh/consumer-breaker.ts";
import { refreshPolicy } from "../../src/refresh/refresh-policy.ts";
import { createServerClock } from "../../src/refresh/server-clock.ts";
import { plaintextCipher } from "../../src/storage/record-encryption.ts";
import { createRecordStore } from "../../src/storage/record-store.ts";
import { RefreshRejectedError, TokenRequestError, TokenRequestRejectedError } from "../../src/errors.ts";
import type { TokenRecord } from "../../src/storage/token-record.ts";
import type { TokenAnswer } from "../../src/token-endpoint/token-answer.ts";
import { fullRecord } from "../storage/sample-record.ts";
import { createScriptedStorage, type ScriptedStorage } from "../storage/scripted-storage.ts";

export const startOfTest = 1_800_000_000_000;
export const ann: GrantRef = { key: "site/consumer/user/ann", account: "ann" };

export interface MovableClock {
  now(): number;
  move(ms: number): void;
}

export function movableClock(start: number = startOfTest): MovableClock {
  let now = start;
  return { now: () => now, move: (ms) => void (now += ms) };
}

export interface RefreshUnderTest {
  readonly context: RefreshContext;
  readonly clock: MovableClock;
  readonly scripted: ScriptedStorage;
  /** Names of what was emitted, in order. */
  readonly events: readonly BitbucketAuthEvent[];
  /** The refresh tokens that were sent, in order. */
  readonly sent: readonly (string | undefined)[];
  close(): void;
}

/** A context over a memory storage, canned answers and a clock that stands still. The last answer repeats. */
export function createRefreshUnderTest(
  answers: readonly (TokenAnswer | (() => TokenAnswer | Promise<TokenAnswer>))[] = [],
  overrides: Partial<RefreshContext> = {},
): RefreshUnderTest {
  const clock = movableClock();
  const scripted = createScriptedStorage();
  const closing = new AbortController();
  const events: BitbucketAuthEvent[] = [];
  const sent: (string | undefined)[] = [];
  const hub = createEventHub({});
  const context: RefreshContext = {
    store: createRecordStore(scripted.storage, plaintextCipher),
    clock: createServerClock(clock, () => undefined),
    policy: refreshPolicy({ jitterMs: 0, rereadMs: 0, pollMs: [0, 0] }, () => 0),
    events: {
      ...hub,
      emit(name, event) {
        events.push(name);
        hub.emit(name, event);
      },
    },
    breaker: createConsumerBreaker(clock, () => undefined),
    async requestTokens(form) {
      sent.push(form["refresh_token"]);
      const answer = answers[Math.min(sent.length, answers.length) - 1];
      if (!answer) throw new Error("no answer was canned");
      return typeof answer === "function" ? answer() : answer;
    },
    timeoutMs: 10_000,
    random: () => 0,
    closing: closing.signal,
    ...overrides,
  };
  return { context, clock, scripted, events, sent, close: () => closing.abort(new Error("closed")) };
}

/** A successful answer. */
export function tokensAnswer(n: number, extra: { readonly startedAt?: number } = {}): TokenAnswer {
  return {
    kind: "tokens",
    response: {
      accessToken: `access-${n}`,
      refreshToken: `refresh-${n}`,
      lifetimeMs: 7_200_000,
      scope: "account",
      tokenType: "bearer",
      startedAt: startOfTest,
      ...extra,
    },
  };
}

/** An answer that was lost on the way: the token may be spent. */
export function lostAnswer(): TokenAnswer {
  return { kind: "ambiguous", error: new TokenRequestError("The connection broke.") };
}

/** An answer to a request that never left. */
export function unsentAnswer(): TokenAnswer {
  return { kind: "unsent", error: new TokenRequestError("Nothing was sent.") };
}

/** An answer that says that Bitbucket cannot just now. */
export function downAnswer(): TokenAnswer {
  return { kind: "not_redeemed", error: new TokenRequestError("Bitbucket is down.") };
}

/** Bitbucket's explicit word that the grant is gone. */
export function deadAnswer(): TokenAnswer {
  return { kind: "dead", error: new RefreshRejectedError("The grant is dead.", { certainty: "certain" }) };
}

/** An answer to a consumer or a request that is set up wrongly. */
export function misconfiguredAnswer(): TokenAnswer {
  return { kind: "misconfigured", error: new TokenRequestRejectedError("The secret is wrong.") };
}

/** A record in good order, obtained when the test began, living two hours. */
export function activeRecord(overrides: Partial<TokenRecord> = {}): TokenRecord {
  const { pending: _pending, failure: _failure, ...record } = fullRecord();
  return { ...record, obtainedAt: startOfTest, accessExpiresAt: startOfTest + 7_200_000, ...overrides };
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${String(value)}`);
    },
    (error: unknown) => error,
  );
}
