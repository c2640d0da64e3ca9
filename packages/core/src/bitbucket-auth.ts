import type { AuthorizationTransaction } from "./authorization/authorization-transaction.js";
import type { FinishAuthorizationOptions } from "./authorization/sign-in.js";
import type { BitbucketAuthEvent, EventListener } from "./events.js";
import type { KeepAliveOptions, KeepAliveReport } from "./refresh/keep-alive.js";
import type { RekeyReport } from "./storage/rekey.js";
import type { PlainTokens, TokenSet } from "./token-endpoint/token-set.js";

/** What a caller may ask of a token. */
export interface GetTokenOptions {
  /** Frees this caller alone; a refresh that others wait for goes on. */
  readonly signal?: AbortSignal | undefined;
  /** The least life the token must have left, in milliseconds. At most half of a token's life is honoured. */
  readonly minValidityMs?: number | undefined;
  /** An access token that the API has just refused: it is not handed out again. */
  readonly rejected?: string | undefined;
}

/** What an authenticated `fetch` may be told. */
export interface FetchForOptions {
  /** From sending to the headers of the answer, in milliseconds, for each send. */
  readonly timeoutMs?: number | undefined;
  /** How long one call may wait in all for rate limits to pass. Without it a 429 rejects at once. */
  readonly rateLimitBudgetMs?: number | undefined;
}

/** Bitbucket access tokens that work, and grants that are not lost. Made by `createBitbucketAuth()`. */
export interface BitbucketAuth {
  /**
   * An access token that works: from memory, from the storage, or by one refresh that everybody who asks shares. Without an
   * account the consumer acts as itself, by client credentials.
   *
   * Rejects with `SignedOutError`, `RefreshRejectedError` (sign in again), `TokenRequestError` or `RefreshContentionError`
   * (try again), `StorageError`, `RecordUnreadableError`, or the signal's reason.
   */
  getAccessToken(account?: string, options?: GetTokenOptions): Promise<string>;
  /** As `getAccessToken`, with what belongs to it. */
  getTokens(account?: string, options?: GetTokenOptions): Promise<TokenSet>;
  /**
   * Where to send a person to consent, and what to remember of it until they come back: in a cookie or a session that only
   * their browser has. `redirectUri` must be exactly the consumer's callback URL; leave it out and Bitbucket uses that.
   */
  startAuthorization(options?: { readonly redirectUri?: string | undefined }): Promise<{
    url: string;
    transaction: AuthorizationTransaction;
  }>;
  /**
   * Checks what came back, exchanges the code, saves the grant, and only then answers. Rejects with `StateMismatchError`,
   * `AuthorizationCallbackError` or `AuthorizationDeniedError` before anything is sent.
   */
  finishAuthorization(options: FinishAuthorizationOptions): Promise<{ account: string; tokens: TokenSet }>;
  /** Adopts tokens obtained elsewhere, in place of what is stored for the account. */
  saveTokens(account: string, tokens: PlainTokens): Promise<void>;
  /** Forgets the grant, in every process within a minute. A refresh under way cannot bring it back. Bitbucket is not told. */
  signOut(account: string): Promise<void>;
  /** A `fetch` for Bitbucket's API as this account: the token is put on, kept at home and renewed once on a 401. */
  fetchFor(account?: string, options?: FetchForOptions): typeof globalThis.fetch;
  /** Refreshes grants nobody used for eight weeks; Bitbucket forgets them after three months. Run it daily. */
  keepAlive(options?: KeepAliveOptions): Promise<KeepAliveReport>;
  /** Seals every record again with the current key, after `encryption.current` has changed everywhere. */
  rekey(options?: { readonly onProgress?: (report: RekeyReport) => void }): Promise<RekeyReport>;
  /** Hears of events; answers how to stop. */
  on<E extends BitbucketAuthEvent>(event: E, listener: EventListener<E>): () => void;
  /** Rejects whoever still waits with `ClosedError`, finishes and saves what was already sent, leaves nothing running. */
  close(): Promise<void>;
}
