/** A grant and where to take it: all that a client is told. */
export interface Connection extends Tokens {
  /** The fake Bitbucket. It speaks GitHub's and Slack's dialect too, on the paths that their clients insist on. */
  readonly origin: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where tokens are kept by clients that bring a storage: what their storage is told. */
  readonly place: Readonly<Record<string, string>>;
}

/** What a client keeps of a grant. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** A place for tokens, for clients that leave it to their user to bring one. */
export interface TokenPlace {
  load(): Promise<Tokens>;
  save(tokens: Tokens): Promise<void>;
}

/** One program's way to a valid access token. */
export type GetAccessToken = () => Promise<string>;

/** A client, used as its README says. What it has no feature for is absent. */
export interface Client {
  /** Keeps an account's tokens and refreshes them by itself. */
  readonly keep?: (connection: Connection, place: TokenPlace) => Promise<GetAccessToken>;
  /** Sends one refresh and resolves with the new access token once the answer has been read by all of its means. */
  readonly refresh?: (connection: Connection) => Promise<string>;
}

/** What a client that wants the user to sign in again gets from us. */
export class InteractiveSignIn extends Error {
  override readonly name = "InteractiveSignIn";
}
