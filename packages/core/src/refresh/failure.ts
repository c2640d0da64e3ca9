import {
  AccessTokenRejectedError,
  type AnyBitbucketAuthError,
  isBitbucketAuthError,
  RefreshRejectedError,
  SignedOutError,
  TokenRequestError,
} from "../errors.js";
import type { StoredRecord } from "../storage/record-store.js";
import type { RecordedFailure, TokenRecord } from "../storage/record.js";
import { pause } from "../timing.js";
import type { TokenAnswer } from "../token-endpoint/answer.js";
import { createForgetfulMap } from "./cache.js";
import type { GrantRef, RefreshParts } from "./parts.js";
import { coolDownMs, fixed, isCoolingDown, type Need, tooYoungUntil } from "./policy.js";

/** What a failed refresh means for its grant. */
export interface GrantFailure {
  /** What callers get, now and until the cool-down ends. */
  readonly error: AnyBitbucketAuthError;
  /** What every process has to know; dated by the clock of the record it is written into. */
  readonly noted: RecordedFailure;
  /** Only Bitbucket's explicit word makes a grant need a new sign-in; doubt never does. */
  readonly status: TokenRecord["status"];
  /** `true` when the refresh token may be spent: the next attempt has to know, in whatever process. */
  readonly mayBeSpent: boolean;
}

/** Every answer to a token request that brought no tokens. */
export type Refusal = Exclude<TokenAnswer, { kind: "tokens" }>;

/** What is known when a refusal is judged. */
export interface RefusalContext {
  /** The failure before this one, for the length of the cool-down. */
  readonly previous: RecordedFailure | undefined;
  /** An earlier attempt with the same refresh token may have reached Bitbucket: a refusal now is reported as a lost rotation. */
  readonly mayBeSpent: boolean;
  /** On the clock that the record is dated by, as is everything that is written into it. */
  readonly now: number;
  /** Callers are told instants on their own clock. */
  readonly toLocal: (instant: number) => number;
  readonly random: () => number;
}

/** What a refusal means for the grant: the rule for each kind of answer stands here. */
export function judgeRefusal(refusal: Refusal, context: RefusalContext): GrantFailure {
  const { mayBeSpent, now, toLocal } = context;
  const { code } = refusal.error;
  const reason = mayBeSpent ? "lost_rotation" : "rejected";
  switch (refusal.kind) {
    case "dead":
      return {
        error: refused(refusal.error, { certainty: "certain", reason }),
        noted: { code, at: now, count: 1, reason },
        status: "reauth_required",
        mayBeSpent: false,
      };
    case "doubtful": {
      const noted = coolingDown(context, { code, kind: "refused", reason });
      const error = refused(refusal.error, {
        certainty: "probable",
        reason,
        retryAt: toLocal(noted.retryAt),
      });
      return { error, noted, status: "active", mayBeSpent };
    }
    case "misconfigured":
    case "unsent":
    case "not_redeemed":
    case "ambiguous": {
      const retryAfterMs = refusal.kind === "not_redeemed" ? refusal.retryAfterMs : undefined;
      return {
        error: refusal.error,
        noted: coolingDown(context, { code, kind: "failed", retryAfterMs }),
        status: "active",
        mayBeSpent: mayBeSpent || refusal.kind === "ambiguous",
      };
    }
  }
}

/** Dates a failure and sets its cool-down: longer with each failure in a row, at least as long as Bitbucket asked. */
function coolingDown(
  { previous, now, random }: RefusalContext,
  {
    code,
    kind,
    retryAfterMs = 0,
    reason,
  }: {
    readonly code: string;
    readonly kind: "refused" | "failed";
    readonly retryAfterMs?: number | undefined;
    readonly reason?: RecordedFailure["reason"];
  },
): RecordedFailure & { readonly retryAt: number } {
  const count = previous?.code === code ? previous.count + 1 : 1;
  const retryAt = now + Math.max(coolDownMs(kind, count, random), retryAfterMs);
  return { code, at: now, count, retryAt, ...(reason && { reason }) };
}

function refused(
  error: RefreshRejectedError,
  details: {
    readonly certainty: "certain" | "probable";
    readonly reason: "rejected" | "lost_rotation";
    readonly retryAt?: number;
  },
): RefreshRejectedError {
  const lead =
    details.reason === "lost_rotation"
      ? "An earlier refresh was sent and its answer never arrived, and now Bitbucket refuses the grant. "
      : "";
  const { status, oauthError, description } = error;
  return new RefreshRejectedError(`${lead}${error.message}`, { ...details, status, oauthError, description });
}

/** The error for an account that nothing is stored for. */
export function signedOut(account: string | undefined): SignedOutError {
  return new SignedOutError(
    `Nothing is stored for ${account === undefined ? "the consumer itself" : `account ${JSON.stringify(account)}`}: it never signed in with this consumer, or it signed out. Send the user to sign in.`,
    { account },
  );
}

/** The failures of this process: holds back attempts, writes notes for other processes, tells of each failure once. */
export interface Failures {
  /** Throws when this grant must not be refreshed now: dead, cooling down, or with a token too young to be renewed. */
  assertAllowed(ref: GrantRef, stored: TokenRecord | undefined, need: Need | undefined): void;
  /**
   * Judges a refusal, writes what it means where every process sees it, and rejects with its error. Returns another process's
   * record instead when that has meanwhile stored another refresh token: the failure is about a token that no longer matters.
   *
   * The record keeps its tokens. When the storage does not take the note the failure still counts in this process.
   */
  note(ref: GrantRef, refusal: Refusal, announced: StoredRecord, mayBeSpent: boolean): Promise<TokenRecord>;
  /** Judges a refusal of the consumer's own request, which is remembered in this process only, and throws its error. */
  failConsumer(ref: GrantRef, refusal: Refusal, stored: TokenRecord | undefined): never;
  /** Whether this record is in the cool-down of a failed refresh; one with another refresh token than the one that failed is not. */
  isCooling(ref: GrantRef, record: TokenRecord): boolean;
  forget(ref: GrantRef): void;
  /** Emits `failed`, once for each error: in the cool-down callers get the error of the attempt that was made. */
  tell(ref: GrantRef, error: unknown): void;
}

/** Empty at first. Bounded: a failure that is forgotten is found in the record again. */
export function createFailures({
  store,
  clock,
  policy,
  events,
  random,
  closing,
}: Pick<RefreshParts, "store" | "clock" | "policy" | "events" | "random" | "closing">): Failures {
  /** Dated by this machine, whatever clock the record is on. */
  const known = createForgetfulMap<
    string,
    Pick<GrantFailure, "error" | "noted"> & { readonly refreshFp: string | undefined }
  >(fixed.rememberedFailureMs, fixed.rememberedGrants);
  const told = new WeakSet<Error>();
  const remember = (
    { key }: GrantRef,
    record: TokenRecord | undefined,
    { error, noted }: Pick<GrantFailure, "error" | "noted">,
  ): void => {
    const at = clock.localNow();
    const retryAt = noted.retryAt && noted.retryAt - noted.at + at;
    known.set(key, { error, noted: { ...noted, at, retryAt }, refreshFp: record?.refreshFp }, at);
  };
  /** The failure of this process that still holds back attempts with what is stored. */
  const cooling = ({ key }: GrantRef, stored: TokenRecord | undefined): GrantFailure["error"] | undefined => {
    const before = known.get(key);
    const isOfStored = before?.refreshFp === stored?.refreshFp;
    return isOfStored && isCoolingDown(before?.noted, clock.localNow()) ? before?.error : undefined;
  };

  /** Looks for another refresh token in the storage for a moment: a peer's write may still be on its way. */
  const peerWrite = async ({ key }: GrantRef, announced: StoredRecord): Promise<TokenRecord | undefined> => {
    // Within one process every write has arrived before this one began.
    const looks = store.storage.caps.lease === "process" ? 0 : fixed.peerLooks;
    for (let look = 0; look <= looks; look++) {
      if (look > 0) await pause(policy.rereadMs / looks, [closing]);
      const stored = await store.read(key).catch(() => null);
      if (stored && stored.record.refreshFp !== announced.record.refreshFp) return stored.record;
    }
    return undefined;
  };

  return {
    isCooling: (ref, record) => cooling(ref, record) !== undefined,
    forget: ({ key }) => known.delete(key),

    assertAllowed(ref, stored, need) {
      const { account } = ref;
      const before = cooling(ref, stored);
      if (before) throw before;
      if (known.get(ref.key)?.refreshFp !== stored?.refreshFp) known.delete(ref.key);
      if (!stored) return;
      const now = clock.nowFor(stored);
      const { failure } = stored;
      const found = errorOfRecord(stored, now, account, (instant) => clock.toLocal(instant, stored));
      if (found) {
        // Another process noted it: from now on this one need not look it up again for every caller.
        if (failure) remember(ref, stored, { error: found, noted: { ...failure, at: now } });
        throw found;
      }
      const youngUntil =
        need?.rejected === stored.accessToken ? tooYoungUntil(stored, now, policy) : undefined;
      if (youngUntil === undefined) return;
      throw new AccessTokenRejectedError(
        "Bitbucket's API refuses an access token that was obtained less than a minute ago, so the call is wrong and not the token: " +
          "this endpoint does not take such a token, or the account has no access. No new token was requested.",
        { account, action: "fix_config", retryAt: clock.toLocal(youngUntil, stored) },
      );
    },

    async note(ref, refusal, announced, mayBeSpent) {
      const { account } = ref;
      const { pending, ...untouched } = announced.record;
      const failure = judgeRefusal(refusal, {
        previous: untouched.failure,
        mayBeSpent,
        now: clock.nowFor(untouched),
        toLocal: (instant) => clock.toLocal(instant, untouched),
        random,
      });
      if (failure.error.code === "refresh_rejected") {
        const peer = await peerWrite(ref, announced);
        if (peer) return peer;
        if (failure.noted.reason === "lost_rotation") events.emit("reuseSuspected", { account });
      }
      const { status, noted } = failure;
      const next = { ...untouched, status, failure: noted, ...(failure.mayBeSpent && { pending }) };
      try {
        const written = await store.replace(ref.key, announced.version, next);
        if (!written.ok) {
          const stored = await store.read(ref.key);
          if (stored && stored.record.refreshFp !== untouched.refreshFp) return stored.record;
        }
      } catch (unsaved) {
        const message = isBitbucketAuthError(unsaved) ? unsaved.message : undefined;
        events.emit("storageFailed", { account, ...(message !== undefined && { message }) });
      }
      remember(ref, announced.record, failure);
      throw failure.error;
    },

    failConsumer(ref, refusal, stored) {
      const failure = judgeRefusal(refusal, {
        previous: known.get(ref.key)?.noted,
        mayBeSpent: false,
        now: clock.localNow(),
        toLocal: (instant) => instant,
        random,
      });
      remember(ref, stored, failure);
      throw failure.error;
    },

    tell({ account }, error) {
      if (!isBitbucketAuthError(error) || told.has(error)) return;
      told.add(error);
      const { code, retryAt, status, oauthError, message } = error;
      events.emit("failed", {
        account,
        code,
        message,
        ...(retryAt !== undefined && { retryAt }),
        ...(status !== undefined && { status }),
        ...(oauthError !== undefined && { oauthError }),
      });
    },
  };
}

/** The error for a caller that comes while a noted failure still counts. Nothing is sent for it. */
function errorOfRecord(
  { status, failure }: TokenRecord,
  now: number,
  account: string | undefined,
  toLocal: (instant: number) => number,
): TokenRequestError | RefreshRejectedError | undefined {
  if (status === "reauth_required") {
    return new RefreshRejectedError(
      "Bitbucket no longer accepts this grant. The account has to sign in again.",
      { certainty: "certain", reason: failure?.reason ?? "rejected", account },
    );
  }
  if (!failure || !isCoolingDown(failure, now)) return undefined;
  const { code, reason = "rejected" } = failure;
  const retryAt = toLocal(failure.retryAt ?? now);
  if (code === "refresh_rejected") {
    return new RefreshRejectedError(
      "Bitbucket refused this grant, and it is not asked again before `retryAt`. Signing in again is probably needed; the grant is kept.",
      { certainty: "probable", reason, retryAt, account },
    );
  }
  return new TokenRequestError(
    `The last refresh failed (${code}), and the next one is not sent before \`retryAt\`. Try again then; the grant is kept.`,
    { retryAt, account },
  );
}
