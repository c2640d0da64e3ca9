import { InvalidOptionsError } from "@bitbucket-auth/core";
import { assertFunction } from "@bitbucket-auth/core/internal";
import type { CredentialKind, CredentialWarning, StaticCredentialOptions } from "./credential.js";

const twoWeeksMs = 14 * 24 * 60 * 60 * 1000;

const kindNames: Readonly<Record<CredentialKind, string>> = {
  api_token: "API token",
  access_token: "access token",
  oauth: "OAuth grant",
  consumer: "consumer",
};

/**
 * Makes the function to call whenever a credential is used: it warns once ahead of the expiry and once after it. Throws
 * `InvalidOptionsError` for an expiry that is no time.
 */
export function createExpiryWarning(
  kind: CredentialKind,
  { expiresAt, warnAheadMs = twoWeeksMs, onWarning = print, clock = Date }: StaticCredentialOptions,
): () => void {
  assertFunction(onWarning, "onWarning");
  if (!(warnAheadMs >= 0)) {
    throw new InvalidOptionsError("warnAheadMs must be a number of milliseconds, 0 or more.");
  }
  if (expiresAt === undefined) return () => undefined;
  const day = dayOf(expiresAt);
  const told = new Set<CredentialWarning["code"]>();
  return () => {
    const now = clock.now();
    if (now < expiresAt - warnAheadMs) return;
    const code = now < expiresAt ? "expires_soon" : "expired";
    if (told.has(code)) return;
    told.add(code);
    const message =
      code === "expired"
        ? `This Bitbucket ${kindNames[kind]} expired on ${day} and cannot be renewed. Make a new one and replace it.`
        : `This Bitbucket ${kindNames[kind]} expires on ${day} and cannot be renewed. Make a new one before that day.`;
    try {
      onWarning({ code, message, kind, expiresAt });
    } catch {
      // A call must not fail because its warning could not be delivered.
    }
  };
}

/** Before this no token was made; a time in seconds is always before it. */
const earliestMs = Date.UTC(1980);

function dayOf(expiresAt: number): string {
  const date = new Date(typeof expiresAt === "number" ? expiresAt : Number.NaN);
  if (date.getTime() > earliestMs) return date.toISOString().slice(0, 10);
  throw new InvalidOptionsError("expiresAt must be epoch milliseconds: new Date(…).getTime().");
}

function print({ message }: CredentialWarning): void {
  // oxlint-disable-next-line no-console -- the documented default of `onWarning`
  console.warn(message);
}
