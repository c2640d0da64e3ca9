import type { FinishAuthorizationOptions, SignedInUser } from "./authorization/sign-in.js";
import type { AuthorizationTransaction } from "./authorization/transaction.js";
import type { BitbucketAuthEvent, EventListener } from "./events.js";
import type { KeepAliveOptions, KeepAliveReport, RekeyReport } from "./maintenance.js";
import type { PlainTokens, TokenSet } from "./token-endpoint/response.js";

/** What a caller may ask of a token. */
export interface GetTokenOptions {
  /** Frees this caller alone; a refresh that others wait for goes on. */
  readonly signal?: AbortSignal | undefined;
  /** The least life the token must have left, in milliseconds. At most half of a token's life is honoured. @default 0 */
  readonly minValidityMs?: number | undefined;
  /** An access token that the API has just refused: it is not handed out again. */
  readonly rejected?: string | undefined;
  /** Told of work that goes on after this call, as `BitbucketAuthOptions.waitUntil`; takes its place for this call. */
  readonly waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
}

/** What an authenticated `fetch` may be told. */
export interface FetchForOptions {
  /** From sending to the headers of the answer, in milliseconds, for each send. @default 60_000 */
  readonly timeoutMs?: number | undefined;
  /** How long one call may wait in all for rate limits to pass, in milliseconds. Without it a 429 rejects at once. @default 0 */
  readonly rateLimitBudgetMs?: number | undefined;
  /**
   * `true` takes the addresses of repository archives as well, `https://bitbucket.org/{workspace}/{repository}/get/{ref}.zip`
   * (`.tar.gz`, `.tar.bz2`), which no endpoint of the API serves, and sends the token there. @default false
   */
  readonly archives?: boolean | undefined;
  /** Told of work that goes on after a call, as `BitbucketAuthOptions.waitUntil`; takes its place for this `fetch`. */
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
  /** As `getAccessToken`, with what belongs to the token. */
  getTokens(): Promise<TokenSet>;
  getTokens(options: GetTokenOptions): Promise<TokenSet>;
  getTokens(account: string, options?: GetTokenOptions): Promise<TokenSet>;
  /**
   * Where to send a user to consent, and what to remember of it until they come back: in a cookie or a session that only
   * their browser has. `redirectUri` must be exactly the consumer's callback URL; leave it out and Bitbucket uses that.
   */
  startAuthorization(options?: { readonly redirectUri?: string | undefined }): Promise<{
    url: string;
    transaction: AuthorizationTransaction;
  }>;
  /**
   * Checks the callback, exchanges the code, saves the grant, and only then resolves. Rejects with `StateMismatchError`,
   * `AuthorizationCallbackError` or `AuthorizationDeniedError` before anything is sent.
   */
  finishAuthorization(options: FinishAuthorizationOptions): Promise<{
    account: string;
    tokens: TokenSet;
    /** Who signed in, where Bitbucket was asked: without `account`, or with `user: true`. */
    user?: SignedInUser;
  }>;
  /** Adopts tokens obtained elsewhere, in place of what is stored for the account. */
  saveTokens(account: string, tokens: PlainTokens): Promise<void>;
  /** Forgets the grant, in every process within a minute. A refresh under way cannot bring it back. Bitbucket is not told. */
  signOut(account: string): Promise<void>;
  /**
   * A `fetch` for Bitbucket's API as the consumer, or as this account: it sends the bearer token to the API origin only, and
   * renews the token once on a 401. Throws `InvalidOptionsError` for an account that was passed and is `undefined`, `null` or
   * empty.
   */
  fetchFor(): typeof globalThis.fetch;
  fetchFor(options: FetchForOptions): typeof globalThis.fetch;
  fetchFor(account: string, options?: FetchForOptions): typeof globalThis.fetch;
  /** Refreshes grants that were not used for eight weeks; Bitbucket forgets them after three months. Run it daily. */
  keepAlive(options?: KeepAliveOptions): Promise<KeepAliveReport>;
  /** Seals every record again with the current key, after `encryption.current` has changed everywhere. */
  rekey(options?: {
    readonly onProgress?: ((report: RekeyReport) => void) | undefined;
  }): Promise<RekeyReport>;
  /** Calls the listener for each event of that name; returns how to stop. */
  on<E extends BitbucketAuthEvent>(event: E, listener: EventListener<E>): () => void;
  /** Rejects every caller that still waits with `ClosedError`, finishes and saves what was already sent, leaves nothing running. */
  close(): Promise<void>;
}
