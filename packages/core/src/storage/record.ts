import * as z from "zod/mini";
import { InvalidOptionsError, RecordUnreadableError } from "../errors.js";
import { lazy } from "../text.js";

/** The natural identity of a grant. Whatever can refresh the same grant must build the same key. */
export interface TokenKey {
  /** Host (and port) of the token endpoint. */
  readonly site: string;
  /** The consumer's client id. */
  readonly consumer: string;
  /** Whose grant it is; `undefined` is the consumer itself, by client credentials. */
  readonly account: string | undefined;
}

/**
 * The key under which a storage keeps this grant. Holds no token; two grants never share one. Throws `InvalidOptionsError` for
 * an account that is empty or holds a lone surrogate.
 */
export function storageKey(key: TokenKey): string {
  if (key.account === undefined) return `${consumerPrefix(key)}client`;
  if (key.account === "")
    throw new InvalidOptionsError("The account is an empty string. Pass the key you signed it in under.");
  return `${userKeyPrefix(key)}${encode(key.account)}`;
}

/** What the storage keys of all signed-in accounts of this consumer begin with. */
export function userKeyPrefix(key: Omit<TokenKey, "account">): string {
  return `${consumerPrefix(key)}user/`;
}

/** The account in a storage key made with `userKeyPrefix`. */
export function accountOfStorageKey(key: string): string {
  return decodeURIComponent(key.slice(key.lastIndexOf("/") + 1));
}

/** What the storage keys of everything this consumer keeps begin with. */
export function consumerPrefix({ site, consumer }: Omit<TokenKey, "account">): string {
  return `${encode(site)}/${encode(consumer)}/`;
}

function encode(part: string): string {
  try {
    return encodeURIComponent(part);
  } catch {
    throw new InvalidOptionsError(
      "An account key or client id is not well-formed Unicode (a lone surrogate).",
    );
  }
}

/** A refresh that was about to be sent: written first, so that the next attempt after a crash knows. Epoch milliseconds. */
export interface PendingRefresh {
  readonly attempt: string;
  readonly startedAt: number;
  /** Fingerprint of the refresh token that is being redeemed. */
  readonly refreshFp: string;
}

/**
 * The last failed refresh, how many failed in a row, and when the next one is allowed (epoch milliseconds). Shared by every
 * process on this storage.
 */
export interface RecordedFailure {
  readonly code: string;
  readonly at: number;
  readonly count: number;
  readonly retryAt?: number | undefined;
  readonly reason?: "rejected" | "lost_rotation" | undefined;
}

/** One grant as it is kept. Instants are epoch milliseconds, corrected to Bitbucket's clock where it is known. */
export interface TokenRecord {
  readonly schema: 1;
  readonly accessToken: string;
  /** Start of the request that brought the token, plus `expires_in`. */
  readonly accessExpiresAt: number;
  readonly refreshToken?: string | undefined;
  /** When Bitbucket forgets the refresh token if it is not used. */
  readonly refreshExpiresAt?: number | undefined;
  /** As Bitbucket sent it; absent is unknown. */
  readonly scope?: string | undefined;
  readonly tokenType: "bearer";
  readonly obtainedAt: number;
  /** The `Date` header of the answer. Orders two redemptions of one refresh token. */
  readonly issuedAt?: number | undefined;
  /** The lease under which it was redeemed; breaks ties of `issuedAt`. */
  readonly fence?: number | undefined;
  /** Keyed fingerprint of `refreshToken`. */
  readonly refreshFp?: string | undefined;
  /** Fingerprint of the refresh token that was redeemed to get this record; absent after a sign-in. */
  readonly parentFp?: string | undefined;
  /** Grows by one per redemption. */
  readonly generation: number;
  readonly pending?: PendingRefresh | undefined;
  readonly status: "active" | "reauth_required";
  /**
   * When the account signed in, on the clock of the machine it signed in at: kept by every rotation and by a sign-in that finds
   * the grant alive, so that it changes only after a sign-out. Absent in records of versions that did not write it.
   */
  readonly signedInAt?: number | undefined;
  readonly failure?: RecordedFailure | undefined;
}

/** Note: `z.enum()` and `z.minLength()` would say the same as a list of literals and a pattern, with 0.4 kB more of zod. */
const recordSchema = /* @__PURE__ */ lazy(() => {
  const instant = z.number().check(z.nonnegative());
  return z.object({
    schema: z.literal(1),
    accessToken: z.string(),
    accessExpiresAt: instant,
    refreshToken: z.optional(z.string().check(z.regex(/./s))),
    refreshExpiresAt: z.optional(instant),
    scope: z.optional(z.string()),
    tokenType: z.literal("bearer"),
    obtainedAt: instant,
    issuedAt: z.optional(instant),
    fence: z.optional(z.number()),
    refreshFp: z.optional(z.string()),
    parentFp: z.optional(z.string()),
    generation: z.number(),
    pending: z.optional(z.object({ attempt: z.string(), startedAt: instant, refreshFp: z.string() })),
    status: z.literal(["active", "reauth_required"]),
    signedInAt: z.optional(instant),
    failure: z.optional(
      z.object({
        code: z.string(),
        at: instant,
        count: z.number(),
        retryAt: z.optional(instant),
        reason: z.optional(z.literal(["rejected", "lost_rotation"])),
      }),
    ),
  });
});

/** The record as bytes for a storage. Not encrypted: seal it before it leaves the process. */
export function encodeTokenRecord(record: TokenRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/** Reads what `encodeTokenRecord` wrote. Rejects anything else with `RecordUnreadableError` and never shows it. */
export function decodeTokenRecord(bytes: Uint8Array): TokenRecord {
  const record = recordSchema().safeParse(parseUtf8Json(bytes));
  if (record.success) return record.data;
  throw new RecordUnreadableError(
    "The stored record is not one this version can read. It was left as it is; sign in again to replace it.",
    { reason: "corrupt" },
  );
}

function parseUtf8Json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
