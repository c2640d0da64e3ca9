import { decodeTokenRecord, type TokenRecord } from "../../src/storage/record.ts";

/** A record with every field set, and whatever the test wants otherwise. */
export function fullRecord(overrides: Partial<TokenRecord> = {}): TokenRecord {
  return {
    schema: 1,
    accessToken: "access-1",
    accessExpiresAt: 1_800_007_200_000,
    refreshToken: "refresh-1",
    refreshExpiresAt: 1_807_776_000_000,
    scope: "account repository",
    tokenType: "bearer",
    obtainedAt: 1_800_000_000_000,
    issuedAt: 1_800_000_001_000,
    fence: 3,
    refreshFp: "fingerprint-of-refresh-1",
    parentFp: "fingerprint-of-refresh-0",
    generation: 4,
    pending: { attempt: "attempt-1", startedAt: 1_800_000_000_500, refreshFp: "fingerprint-of-refresh-1" },
    status: "active",
    signedInAt: 1_700_000_000_000,
    failure: {
      code: "token_request_failed",
      at: 1_800_000_000_600,
      count: 2,
      retryAt: 1_800_000_010_600,
      reason: "rejected",
    },
    ...overrides,
  };
}

/** The tokens of `fullRecord()`, to search an output for. */
export const recordSecrets: readonly string[] = ["access-1", "refresh-1"];

/** The record in these bytes, or the error that reading it throws. */
export function decodedOrError(bytes: Uint8Array): unknown {
  try {
    return decodeTokenRecord(bytes);
  } catch (error) {
    return error;
  }
}
