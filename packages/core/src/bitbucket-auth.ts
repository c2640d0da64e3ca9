import type { FinishAuthorizationOptions, SignedInUser } from "./authorization/sign-in.js";
import type { AuthorizationTransaction } from "./authorization/transaction.js";
import type { BitbucketAuthEvent, EventListener } from "./events.js";
import type { KeepAliveOptions, KeepAliveReport, RekeyReport } from "./maintenance.js";
import type { PlainTokens, TokenSet } from "./token-endpoint/response.js";

/** What a caller may ask of a token. */
export interface GetTokenOptions {
  /** Ends the wait of this caller, which rejects with the signal's reason. A refresh that others wait for goes on. */
  readonly signal?: AbortSignal | undefined;
  /** How long the token must still be valid, in milliseconds; more than half of a token's life counts as half. @default 0 */
  readonly minValidityMs?: number | undefined;
  /** An access token that the API has just answered with 401: it is not handed out again. */
  readonly rejected?: string | undefined;
  /** Receives the work that goes on after this call, in place of `BitbucketAuthOptions.waitUntil`. */
  readonly waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
}

/** What an authenticated `fetch` may be told. */
export interface FetchForOptions {
  /** Limit of each send, until the headers of the answer have arrived, in milliseconds. @default 60_000 */
  readonly timeoutMs?: number | undefined;
  /** How long one call may wait for rate limits, all waits together, in milliseconds. With 0 a 429 rejects at once. @default 0 */
  readonly rateLimitBudgetMs?: number | undefined;
  /**
   * `true` also allows the addresses of repository archives, `https://bitbucket.org/{workspace}/{repository}/get/{ref}.zip`
   * (`.tar.gz`, `.tar.bz2`), and sends the token there: no endpoint of the API serves archives. @default false
   */
  readonly archives?: boolean | undefined;
  /** Receives the work that goes on after a call of this `fetch`, in place of `BitbucketAuthOptions.waitUntil`. */
  readonly waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
}

/** Bitbucket access tokens that work, and grants that are not lost. Made by `createBitbucketAuth()`. */
export interface BitbucketAuth {
  /**
   * An access token of the consumer itself, by client credentials. For a user's grant name the account; one that was passed
   * and is `undefined`, `null` or empty is refused with `InvalidOptionsError`.
   */
  getAccessToken(): Promise<string>;
  getAccessToken(options: GetTokenOptions): Promise<string>;
  /**
   * An access token that works for this account: from memory, from the storage, or by one refresh that all callers share.
   *
   * Rejects with `SignedOutError`, `RefreshRejectedError` (sign in again), `TokenRequestError` or `RefreshContentionError`
   * (try again), `AccessTokenRejectedError` (the token is new: the call is wrong), `StorageError`, `RecordUnreadableError`,
   * `InvalidOptionsError`, or the signal's reason.
   */
  getAccessToken(account: string, options?: GetTokenOptions): Promise<string>;
  /** As `getAccessToken`, but resolves with the whole token set: expiry, scopes, refresh token, time of the sign-in. */
  getTokens(): Promise<TokenSet>;
  getTokens(options: GetTokenOptions): Promise<TokenSet>;
  getTokens(account: string, options?: GetTokenOptions): Promise<TokenSet>;
  /**
   * Starts a sign-in: redirect the user to `url`, and keep `transaction` until they come back, in a cookie or a session of
   * their browser alone. `redirectUri` must be exactly the consumer's callback URL; without it Bitbucket uses that URL.
   *
   * Sends and stores nothing. Rejects with `InvalidOptionsError` for a `redirectUri` that is no absolute URL.
   */
  startAuthorization(options?: { readonly redirectUri?: string | undefined }): Promise<{
    url: string;
    transaction: AuthorizationTransaction;
  }>;
  /**
   * Checks the callback, exchanges the code, saves the grant, and only then resolves.
   *
   * Before anything is sent it rejects with `StateMismatchError`, `AuthorizationCallbackError`, `AuthorizationDeniedError` or
   * `InvalidOptionsError`. After that the code is spent, or may be: start the sign-in again after `TokenRequestError`,
   * `TokenRequestRejectedError`, `TokenResponseInvalidError`, an error of `GET /2.0/user` (see `readApiError()`) or
   * `StorageError`.
   */
  finishAuthorization(options: FinishAuthorizationOptions): Promise<{
    account: string;
    tokens: TokenSet;
    /** Who signed in, where Bitbucket was asked: without `account`, or with `user: true`. */
    user?: SignedInUser;
  }>;
  /**
   * Stores tokens obtained elsewhere, in place of what is stored for the account. Where they were stored before and have been
   * refreshed since, what they were refreshed to stays. Rejects with `InvalidOptionsError` when they are no tokens, and with
   * `StorageError`.
   */
  saveTokens(account: string, tokens: PlainTokens): Promise<void>;
  /**
   * Deletes the stored grant. Other processes may serve its access token from memory for up to a minute (`refresh.cacheMs`). A
   * refresh under way cannot bring the grant back. Bitbucket is not told: it documents no way to revoke a grant. Rejects with
   * `StorageError`.
   */
  signOut(account: string): Promise<void>;
  /**
   * A `fetch` for Bitbucket's API as the consumer, or as this account: it sends the bearer token to the API origin only, and
   * renews the token once on a 401. What it rejects with: see `ForeignOriginError`, `AccessTokenRejectedError`,
   * `ScopeMissingError`, `RateLimitedError`, `ApiRequestError`, and `getAccessToken()`. Throws `InvalidOptionsError` for an account
   * that was passed and is `undefined`, `null` or empty.
   */
  fetchFor(): typeof globalThis.fetch;
  fetchFor(options: FetchForOptions): typeof globalThis.fetch;
  fetchFor(account: string, options?: FetchForOptions): typeof globalThis.fetch;
  /**
   * Refreshes grants that were last refreshed more than eight weeks ago; Bitbucket forgets a refresh token that is unused for
   * three months. Run it daily. Rejects with `InvalidOptionsError` for a storage that cannot list its keys, and with
   * `StorageError`, `ClosedError` or the signal's reason; a grant that fails is in the report.
   */
  keepAlive(options?: KeepAliveOptions): Promise<KeepAliveReport>;
  /**
   * Encrypts every record again with the current key. Run it after `encryption.current` has changed in every process. Rejects
   * with `InvalidOptionsError` for a storage that cannot list its keys, and with `StorageError` or `ClosedError`.
   */
  rekey(options?: {
    readonly onProgress?: ((report: RekeyReport) => void) | undefined;
  }): Promise<RekeyReport>;
  /** Calls the listener for each event of that name; the returned function stops that. */
  on<E extends BitbucketAuthEvent>(event: E, listener: EventListener<E>): () => void;
  /**
   * Rejects every waiting caller with `ClosedError`, waits for requests that were already sent and saves their tokens, and then
   * resolves with nothing left running. The storage is not closed: it is the caller's.
   */
  close(): Promise<void>;
}
