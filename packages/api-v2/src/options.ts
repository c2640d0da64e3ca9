import {
  InvalidOptionsError,
  type BitbucketAuth,
  type FetchForOptions,
  bitbucketCloud,
  isSafeAddress,
} from "@bitbucket-auth/core";
import { assertOptions, assertSignal } from "@bitbucket-auth/core/internal";
import type { Credential } from "@bitbucket-auth/credentials";

/** The `auth` in options, if it is one. */
function readAuth({ auth }: { readonly auth: BitbucketAuth }): BitbucketAuth {
  if (isRecord(auth) && typeof auth.fetchFor === "function") return auth;
  throw new InvalidOptionsError("auth must be the result of createBitbucketAuth().");
}

/** The account of a `BitbucketAuth` whose tokens are used. */
export interface AccountOptions {
  readonly auth: BitbucketAuth;
  /**
   * The account key its grant was saved under: the `account` of `finishAuthorization()`, or the one passed to `saveTokens()`. A
   * program with one user can call it `"me"`. Without it the consumer acts as itself; passed, it must not be empty, because a
   * session that lost its account must not act as the consumer.
   */
  readonly account?: string;
}

/** What is sent instead of an account's tokens: a credential of `@bitbucket-auth/credentials`. */
export interface CredentialOptions {
  readonly credential: Credential;
}

/** Makes the `fetch` of the credential, of the account, or of the consumer where no account is named. Else throws `InvalidOptionsError`. */
export function fetchOf(
  options: AccountOptions | CredentialOptions,
): (limits: FetchForOptions) => typeof globalThis.fetch {
  if ("credential" in options) {
    if ("auth" in options) throw new InvalidOptionsError("Pass credential or auth, not both.");
    const { credential } = options;
    if (isRecord(credential) && typeof credential.fetchWith === "function")
      return (limits) => credential.fetchWith(limits);
    throw new InvalidOptionsError("credential must be one of @bitbucket-auth/credentials.");
  }
  const auth = readAuth(options);
  if (!("account" in options)) return (limits) => auth.fetchFor(limits);
  const { account } = options;
  if (typeof account === "string" && account !== "") return (limits) => auth.fetchFor(account, limits);
  throw new InvalidOptionsError(
    "account is empty. Nothing was sent: leave it out to act as the consumer, or pass the account of the user.",
  );
}

/** A signal, or nothing where there is none. */
export function readSignal(signal: unknown): AbortSignal | undefined {
  assertSignal(signal);
  return isSignal(signal) ? signal : undefined;
}

function isSignal(value: unknown): value is AbortSignal {
  return isRecord(value) && typeof value["aborted"] === "boolean";
}

/** Options of one call. They hold for that call alone. */
export interface CallOptions extends Pick<FetchForOptions, "timeoutMs" | "rateLimitBudgetMs"> {
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * `true` resolves with an `ApiResponse`: the value with status and headers. Some results are in a header alone: `Location` after an
   * asynchronous merge or a commit by `POST …/src`. @default false
   */
  readonly withResponse?: boolean | undefined;
}

/** A JSON object of Bitbucket's, unless the caller names another type. Nothing checks the fields. */
export type ApiAnswer = Readonly<Record<string, unknown>>;

/** An answer with its status and headers. */
export interface ApiResponse<Answer = unknown> {
  readonly data: Answer;
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Limits of the calls of one API object. */
export interface ApiLimits {
  /** Limit until the headers of each answer, and again for its body, in milliseconds. @default 60_000 */
  readonly apiTimeoutMs?: number | undefined;
  /** How long one call may wait for rate limits, all waits together, in milliseconds. @default 0: a 429 rejects at once */
  readonly rateLimitBudgetMs?: number | undefined;
  /** Ends every call of the object. */
  readonly signal?: AbortSignal | undefined;
}

/** The names of `ApiLimits`. */
export const limitNames = ["apiTimeoutMs", "rateLimitBudgetMs", "signal"] as const;

/** The limits in core's terms, without what was not given. Throws `InvalidOptionsError` for what is no time. */
export function readLimits(timeoutMs: unknown, rateLimitBudgetMs: unknown): FetchForOptions {
  return {
    ...(timeoutMs != null && { timeoutMs: milliseconds(timeoutMs) }),
    ...(rateLimitBudgetMs != null && { rateLimitBudgetMs: milliseconds(rateLimitBudgetMs) }),
  };
}

function milliseconds(value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new InvalidOptionsError("Limits such as timeoutMs are numbers of milliseconds.");
}

/** The API's origin. A token goes there, so it is `https:`, or `http:` to this machine; else throws `InvalidOptionsError`. */
export function assertSafeApiUrl(apiUrl: string = bitbucketCloud.apiUrl): string {
  try {
    // Note: not `URL.canParse`, which Node 22.23 comes to answer wrongly.
    const url = new URL(apiUrl);
    if (isSafeAddress(url)) return url.origin;
  } catch {
    // What cannot be parsed is no origin either.
  }
  throw new InvalidOptionsError("endpoints.apiUrl must be an https: origin, or http: to a loopback host.");
}

/** Refuses endpoints that core would refuse: unknown ones, and an API that a token must not be sent to. */
export function assertEndpoints(endpoints: { readonly apiUrl?: string | undefined } | undefined): void {
  if (endpoints !== undefined) assertOptions(endpoints, "endpoints", Object.keys(bitbucketCloud));
  assertSafeApiUrl(endpoints?.apiUrl);
}

/** Whether a JSON value is an object, with fields to look at. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
