import * as z from "zod/mini";
import { RecordUnreadableError } from "../errors.js";

/** A refresh that was about to be sent: written first, so that whoever comes after a crash knows. */
export interface PendingRefresh {
  readonly attempt: string;
  readonly startedAt: number;
  /** Fingerprint of the refresh token that is being redeemed. */
  readonly refreshFp: string;
}

/** The last failed refresh, and when the next one is allowed. Shared by every process on this storage. */
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
  /** When Bitbucket forgets the refresh token if nobody uses it. */
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
  readonly failure?: RecordedFailure | undefined;
}

const instant = z.number().check(z.nonnegative());
const recordSchema = z.object({
  schema: z.literal(1),
  accessToken: z.string(),
  accessExpiresAt: instant,
  refreshToken: z.optional(z.string().check(z.minLength(1))),
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
  status: z.enum(["active", "reauth_required"]),
  failure: z.optional(
    z.object({
      code: z.string(),
      at: instant,
      count: z.number(),
      retryAt: z.optional(instant),
      reason: z.optional(z.enum(["rejected", "lost_rotation"])),
    }),
  ),
});

/** The record as bytes for a storage. Readable by anyone: seal it before it leaves. */
export function encodeTokenRecord(record: TokenRecord): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(record));
}

/** Reads what `encodeTokenRecord` wrote. Rejects anything else with `RecordUnreadableError` and never shows it. */
export function decodeTokenRecord(bytes: Uint8Array): TokenRecord {
  const record = recordSchema.safeParse(parseJson(bytes));
  if (record.success) return record.data;
  throw new RecordUnreadableError(
    "The stored record is not one this version can read. It was left as it is; sign in again to replace it.",
    { reason: "corrupt" },
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
