import * as z from "zod/mini";
import { InvalidOptionsError } from "../errors.js";
import {
  assertCredential,
  assertClock,
  assertOptions,
  assertWebCrypto,
  type Clock,
  systemClock,
  bitbucketCloud,
} from "../environment.js";
import { lazy, toBase64Url, readUrl } from "../text.js";
import { assertSafeUrl } from "../token-endpoint/request.js";

/**
 * What a program remembers between sending a user to Bitbucket and reading what comes back. Plain JSON, for a cookie or a
 * session of this user's browser alone; secret until the sign-in is over.
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

const storedTransaction = /* @__PURE__ */ lazy(() => {
  const randomText = z.string().check(z.regex(/^[\w.~-]{43,128}$/));
  return z.object({
    state: randomText,
    codeVerifier: randomText,
    redirectUri: z.optional(z.string().check(z.regex(/^.{0,2048}$/s))),
    createdAt: z.number(),
  });
});

/**
 * Starts a sign-in: 256 random bits of state (RFC 9700 section 2.1), as many of PKCE verifier (RFC 7636 section 4.1), and the
 * time in epoch milliseconds. Throws `InvalidOptionsError` for a `redirectUri` that is no absolute URL or has a fragment.
 */
export function createAuthorizationTransaction(
  options: AuthorizationTransactionOptions = {},
): AuthorizationTransaction {
  assertOptions(options, "createAuthorizationTransaction()", ["redirectUri", "clock"]);
  const { redirectUri, clock = systemClock } = options;
  assertWebCrypto();
  assertClock(clock);
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
  const parsed = storedTransaction().safeParse(value);
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
function isRedirectUri(uri: unknown): boolean {
  return typeof uri === "string" && readUrl(uri) !== undefined && !uri.includes("#") && uri.length <= 2048;
}

/** What the address of the consent page is made of. */
export interface AuthorizationUrlOptions {
  readonly clientId: string;
  readonly transaction: AuthorizationTransaction;
  /** `https:`, or `http:` to a loopback host. @default bitbucketCloud.authorizationUrl */
  readonly authorizationUrl?: string | undefined;
  /** For other servers: Bitbucket ignores them, its scopes are set on the consumer. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Builds the URL of the consent page, with state and a PKCE challenge (RFC 6749 section 4.1.1, RFC 7636).
 * What the URL already says is kept, save for the parameters that belong to the sign-in.
 *
 * Bitbucket takes PKCE but does not document it, so the consumer's secret is needed all the same. Rejects with
 * `InvalidOptionsError` for options that are no such thing, and for an `authorizationUrl` that is not `https:` or loopback.
 */
export async function buildAuthorizationUrl(options: AuthorizationUrlOptions): Promise<string> {
  assertOptions(options, "buildAuthorizationUrl()", [
    "clientId",
    "transaction",
    "authorizationUrl",
    "scopes",
  ]);
  const { clientId, transaction, authorizationUrl = bitbucketCloud.authorizationUrl, scopes = [] } = options;
  assertCredential(clientId, "clientId", ": it is the key of the OAuth consumer");
  const { state, redirectUri, codeVerifier } = parseAuthorizationTransaction(transaction);
  if (!Array.isArray(scopes)) throw new InvalidOptionsError("scopes must be a list of scopes.");
  const url = assertSafeUrl(authorizationUrl, "authorizationUrl");
  url.hash = "";
  const parameters = {
    response_type: "code",
    client_id: clientId,
    state,
    redirect_uri: redirectUri,
    code_challenge: await codeChallengeOf(codeVerifier),
    code_challenge_method: "S256",
    scope: scopes.length === 0 ? undefined : scopes.join(" "),
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.href;
}
