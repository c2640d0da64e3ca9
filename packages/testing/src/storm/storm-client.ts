import type { Clock, PlainTokens, TokenStorage } from "@bitbucket-auth/core";
import type { ClientOptions } from "../sign-in.js";

/** What a storm asks of a client. A `BitbucketAuth` is one; a few lines make one of anything else that keeps tokens. */
export interface StormClient {
  getAccessToken(account: string): Promise<string>;
  saveTokens(account: string, tokens: PlainTokens): Promise<void>;
  close(): Promise<void>;
}

/** What a worker module is given to make its client of. */
export interface StormSetup {
  /** For `createBitbucketAuth()`, or for what your own client needs: the consumer, the fake's addresses, its time, the network. */
  readonly clientOptions: ClientOptions & {
    readonly clock: Clock;
    readonly fetch: typeof globalThis.fetch;
    readonly logging: false;
  };
  /** Your storage, with the labelled points in it. Without this only the points around a request exist. */
  atPoints(storage: TokenStorage): TokenStorage;
  /** What the caller of the storm passed on: a directory, an address. */
  readonly settings: Readonly<Record<string, string>>;
  /** Adds one to a number of yours in the result. */
  count(name: string): void;
}

/** A worker module exports one of these under the name `createClient`. It is called once in every process. */
export type CreateStormClient = (setup: StormSetup) => StormClient | Promise<StormClient>;
