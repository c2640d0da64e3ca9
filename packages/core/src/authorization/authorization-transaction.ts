import { assertMethods, assertObject } from "../assert-options.js";
import * as z from "zod/mini";
import { toBase64Url } from "../base64url.js";
import { type Clock, systemClock } from "../clock.js";
import { InvalidOptionsError } from "../errors.js";
import { readUrl } from "../read-url.js";

/**
 * What a program remembers between sending a person to Bitbucket and reading what comes back. Plain JSON, for a cookie or a
 * session that only this person's browser has; it is secret until the sign-in is over.
 */
export interface AuthorizationTransaction {
  /** Comes back with the callback and proves that it answers this sign-in (RFC 6749 section 10.12). */
  readonly state: string;
  /** The PKCE secret; only its SHA-256 is sent ahead (RFC 7636). */
  readonly codeVerifier: string;
  /** Sent in both legs, exactly like this, or in neither. */
  readonly redirectUri?: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** What a sign-in starts with. */
export interface AuthorizationTransactionOptions {
  readonly redirectUri?: string | undefined;
  readonly clock?: Clock | undefined;
}

const randomText = z.string().check(z.regex(/^[\w.~-]{43,128}$/));
const storedTransaction = z.object({
  state: randomText,
  codeVerifier: randomText,
  redirectUri: z.optional(z.string().check(z.regex(/^.{0,2048}$/s))),
  createdAt: z.number(),
});

/** Starts a sign-in: 256 random bits of state, as many of PKCE verifier, and the time. */
export function createAuthorizationTransaction(
  options: AuthorizationTransactionOptions = {},
): AuthorizationTransaction {
  assertObject(options, "The argument of createAuthorizationTransaction()");
  const { redirectUri, clock = systemClock } = options;
  assertMethods(clock, "clock", ["now"]);
  if (redirectUri !== undefined && !isRedirectUri(redirectUri)) {
    throw new InvalidOptionsError("redirectUri must be an absolute URL without a fragment.");
  }
  return {
    state: random256Bits(),
    codeVerifier: random256Bits(),
    ...(redirectUri !== undefined && { redirectUri }),
    createdAt: clock.now(),
  };
}

/**
 * Reads a transaction that comes back from a cookie or a session. Throws `InvalidOptionsError` when it is not one; the
 * message repeats nothing of it.
 */
export function parseAuthorizationTransaction(value: unknown): AuthorizationTransaction {
  const parsed = storedTransaction.safeParse(value);
  if (!parsed.success) {
    throw new InvalidOptionsError(
      "transaction is not what startAuthorization() returned. Start the sign-in again.",
    );
  }
  const { state, codeVerifier, redirectUri, createdAt } = parsed.data;
  return { state, codeVerifier, ...(redirectUri !== undefined && { redirectUri }), createdAt };
}

/** The PKCE challenge of a verifier, by method S256 (RFC 7636 section 4.2). */
export async function codeChallengeOf(codeVerifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(codeVerifier));
  return toBase64Url(new Uint8Array(digest));
}

function random256Bits(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

/** RFC 6749 section 3.1.2. Neither https nor a host is asked for: native apps and intranets have neither. */
function isRedirectUri(uri: string): boolean {
  return readUrl(uri) !== undefined && !uri.includes("#") && uri.length <= 2048;
}
