import { RefreshRejectedError, TokenRequestError } from "../errors.js";
import type { StoredRecord } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/record.js";
import type { Version } from "../storage/token-storage.js";
import { type Deadline, pause, startDeadline, startWaitLimit } from "../timing.js";
import type { TokenAnswer } from "../token-endpoint/answer.js";
import { clientCredentialsForm, refreshTokenForm } from "../token-endpoint/grants.js";
import { type PlainTokens, readScopeList, type TokenResponse } from "../token-endpoint/response.js";
import type { Admission } from "./breaker.js";
import type { Refusal } from "./failure.js";
import type { LeaseHold } from "./lease.js";
import type { GrantRef, RefreshParts } from "./parts.js";
import { unsentPauseMs } from "./policy.js";
import type { ServerClock } from "./server-clock.js";

/** New tokens that are not saved yet, and what they were obtained from. */
export interface Redemption {
  /** The version that the announcement left in the storage. */
  readonly version: Version | null;
  /** Fingerprint of the redeemed refresh token; absent for client credentials, which redeem none. */
  readonly redeemedFp?: string | undefined;
  readonly mine: TokenRecord;
  /** Whether an earlier attempt at the same redemption had been cut short. */
  readonly recovered: boolean;
}

/** What an attempt ends with: tokens, a refusal, or `overtaken`: another process wrote or took the lease, and nothing was sent. */
export type Attempt =
  | Redemption
  | { readonly refusal: Refusal; readonly announced: StoredRecord; readonly mayBeSpent: boolean }
  | "overtaken";

/** Sends what brings new tokens. Saves nothing but the announcement. */
export interface Redeemer {
  /**
   * Redeems the refresh token of a stored record: announces it in the storage, makes sure the lease still stands, and sends it.
   * The announcement also proves that the storage can be written while the token is still good.
   */
  redeem(ref: GrantRef, hold: LeaseHold, stored: StoredRecord): Promise<Attempt>;
  /**
   * Asks for a token for the consumer itself (RFC 6749 section 4.4). Nothing is redeemed and nothing can be lost, so there is
   * no announcement.
   */
  requestForConsumer(
    hold: LeaseHold,
    stored: StoredRecord | null,
  ): Promise<Redemption | { readonly refusal: Refusal }>;
}

/** One per `BitbucketAuth`. */
export function createRedeemer(parts: RefreshParts): Redeemer {
  const { store, clock, policy, events, breaker, requestTokens, timeoutMs, random, closing } = parts;

  const admitted = async ({ key, account }: GrantRef): Promise<Admission> => {
    const limit = startWaitLimit(timeoutMs);
    const admission = await breaker.admit(key, limit.signal).finally(() => limit.cancel());
    if ("report" in admission) return admission;
    throw new TokenRequestError(
      "Bitbucket refuses every grant of this consumer, so nothing was sent for this one. Try again after `retryAt`; if it lasts, " +
        "check the consumer's key and secret.",
      { account, retryAt: admission.blockedUntil },
    );
  };

  /**
   * Sends a refresh token before the deadline.
   *
   * A request that never left is tried again a few times. One whose answer was lost, or was a 5xx that may have come after the
   * fact, is sent once more, at once, when `mayResend`: with Bitbucket's leeway that saves the grant, and without it the grant
   * was lost already. Nothing else is ever repeated, and an answer that arrived but makes no sense is not either.
   */
  const send = async (
    refreshToken: string,
    mayResend: boolean,
    deadline: AbortSignal,
  ): Promise<{ readonly answer: TokenAnswer; readonly wasResent: boolean }> => {
    const isOver = (): boolean => deadline.aborted || closing.aborted;
    let wasResent = false;
    for (let unsent = 0; ;) {
      const answer = await requestTokens(refreshTokenForm(refreshToken), "refresh_token", deadline);
      if (answer.kind === "unsent" && unsent < policy.unsentRetries && !isOver()) {
        await pause(unsentPauseMs(unsent, random), [deadline, closing]);
        if (isOver()) return { answer, wasResent };
        unsent++;
      } else if (wasLost(answer) && mayResend && !wasResent && !isOver()) {
        wasResent = true;
      } else {
        return { answer, wasResent };
      }
    }
  };

  return {
    async redeem(ref, hold, stored) {
      const { record } = stored;
      const refreshToken = refreshTokenOf(record, ref.account);
      const refreshFp = record.refreshFp ?? (await store.fingerprint(refreshToken));
      const interrupted = record.pending?.refreshFp === refreshFp ? record.pending : undefined;
      const admission = await admitted(ref);
      let deadline: Deadline | undefined;
      let said: TokenAnswer["kind"] | undefined;
      try {
        const pending = interrupted ?? {
          attempt: crypto.randomUUID(),
          startedAt: clock.nowFor(record),
          refreshFp,
        };
        const intent: TokenRecord = { ...record, refreshFp, pending };
        const announced = await store.replace(ref.key, stored.version, intent);
        if (!announced.ok) {
          events.emit("conflict", { account: ref.account });
          return "overtaken";
        }
        if (!(await hold.confirm())) return "overtaken";

        // Only now: a request with little time left would be given up after Bitbucket has redeemed.
        deadline = startDeadline(timeoutMs);
        const { answer, wasResent } = await send(refreshToken, interrupted === undefined, deadline.signal);
        said = answer.kind;
        const { version } = announced;
        const recovered = interrupted !== undefined || wasResent;
        if (answer.kind !== "tokens")
          return { refusal: answer, announced: { record: intent, version }, mayBeSpent: recovered };
        const mine = await recordFromResponse(parts, answer.response, { parent: intent, fence: hold.fence });
        return { version, redeemedFp: refreshFp, mine, recovered };
      } finally {
        deadline?.cancel();
        admission.report(said);
      }
    },

    async requestForConsumer(hold, stored) {
      const deadline = startDeadline(timeoutMs);
      try {
        const answer = await requestTokens(clientCredentialsForm(), "client_credentials", deadline.signal);
        if (answer.kind !== "tokens") return { refusal: answer };
        const response = { ...answer.response, refreshToken: undefined };
        const mine = await recordFromResponse(parts, response, { fence: hold.fence });
        const generation = (stored?.record.generation ?? 0) + 1;
        return { version: stored?.version ?? null, mine: { ...mine, generation }, recovered: false };
      } finally {
        deadline.cancel();
      }
    },
  };
}

/** No answer arrived, or a 5xx that may have come after Bitbucket redeemed. */
function wasLost(answer: TokenAnswer): boolean {
  return answer.kind === "ambiguous" && answer.error.code === "token_request_failed";
}

function refreshTokenOf({ refreshToken }: TokenRecord, account: string | undefined): string {
  if (refreshToken !== undefined) return refreshToken;
  throw new RefreshRejectedError(
    "The access token has expired and no refresh token was saved with it. Sign in again.",
    { certainty: "certain", account },
  );
}

/** The record that follows `parent` after a successful request; keeps the old refresh token when the answer brought none. */
export async function recordFromResponse(
  { store, clock, policy }: Pick<RefreshParts, "store" | "clock" | "policy">,
  response: Omit<TokenResponse, "refreshToken"> & { readonly refreshToken?: string | undefined },
  { parent, fence }: { readonly parent?: TokenRecord | undefined; readonly fence: number },
): Promise<TokenRecord> {
  if (response.serverTime !== undefined) clock.learn(response.serverTime, response.startedAt);
  const obtainedAt = response.startedAt + (response.serverTime === undefined ? 0 : clock.skewMs);
  const refreshToken = response.refreshToken ?? parent?.refreshToken;
  return {
    schema: 1,
    accessToken: response.accessToken,
    accessExpiresAt: obtainedAt + response.lifetimeMs,
    refreshToken,
    ...(refreshToken !== undefined && {
      refreshExpiresAt: obtainedAt + policy.idleMs,
      refreshFp: await store.fingerprint(refreshToken),
    }),
    scope: response.scope,
    tokenType: "bearer",
    obtainedAt,
    issuedAt: response.serverTime,
    fence,
    parentFp: parent?.refreshFp,
    signedInAt: parent?.signedInAt,
    generation: (parent?.generation ?? 0) + 1,
    status: "active",
  };
}

/** The first record of tokens from elsewhere, whose expiry is on this machine's clock and whose age is not known. */
export async function recordFromTokens(
  { store, clock, policy }: Pick<RefreshParts, "store" | "clock" | "policy">,
  tokens: PlainTokens,
): Promise<TokenRecord> {
  const obtainedAt = clock.localNow();
  const { accessToken, refreshToken, expiresAt, scopes } = tokens;
  return {
    schema: 1,
    accessToken,
    accessExpiresAt: expiresAt,
    refreshToken,
    ...(refreshToken !== undefined && {
      refreshExpiresAt: obtainedAt + policy.idleMs,
      refreshFp: await store.fingerprint(refreshToken),
    }),
    scope: scopes?.join(" "),
    tokenType: "bearer",
    obtainedAt,
    generation: 1,
    status: "active",
  };
}

/** What callers get of a record: its expiry is back on this machine's clock. */
export function tokensFromRecord(record: TokenRecord, clock: ServerClock): PlainTokens {
  const { accessToken, refreshToken, accessExpiresAt, scope } = record;
  return {
    accessToken,
    refreshToken,
    expiresAt: clock.toLocal(accessExpiresAt, record),
    scopes: readScopeList(scope),
    tokenType: "bearer",
  };
}
