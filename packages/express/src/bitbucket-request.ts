import { type BitbucketAuth, InvalidOptionsError } from "@bitbucket-auth/core";
import { type BitbucketUser, readUser } from "./bitbucket-user.js";
import type { ApiSource } from "./bitbucket-auth-options.js";

/**
 * Types of your own, by declaration merging: `interface BitbucketTypes { api: Api }` names what `req.bitbucket.api()` answers.
 */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type
export interface BitbucketTypes {}

/** What `api()` answers: `BitbucketTypes["api"]` where that was declared. */
export type BitbucketApi = BitbucketTypes extends { api: infer Api } ? Api : unknown;

/** Makes an API client for one person. */
export type MakeApi = (source: ApiSource) => Promise<BitbucketApi>;

/** Bitbucket, as the person who made the request. */
export interface BitbucketRequest {
  /** Their `uuid`: the key of their grant. */
  readonly account: string;
  /** A token that works now. Rejects as core's does. */
  getAccessToken(): Promise<string>;
  /** Takes `/2.0/user` or a whole URL of the API, puts the token on and renews it on a 401. */
  readonly fetch: typeof globalThis.fetch;
  /** Who they are, asked of Bitbucket once per request. */
  user(): Promise<BitbucketUser>;
  /** What the `api` option of `bitbucketAuth()` makes, once per request. */
  api(): Promise<BitbucketApi>;
}

declare global {
  namespace Express {
    interface Request {
      /** The person who signed in. Behind `requireBitbucket()` it is always there; elsewhere only when somebody is signed in. */
      bitbucket: BitbucketRequest;
    }
  }
}

/** Acts as `account` for the length of one request; nothing is asked of anybody before it is needed. */
export function createBitbucketRequest(
  auth: BitbucketAuth,
  account: string,
  makeApi: MakeApi | undefined,
): BitbucketRequest {
  let authenticated: typeof globalThis.fetch | undefined;
  let user: Promise<BitbucketUser> | undefined;
  let api: Promise<BitbucketApi> | undefined;
  // Note: no getter. An object with one takes so long to make that it shows in every guarded request.
  const fetchAsUser: typeof globalThis.fetch = (input, init) =>
    (authenticated ??= auth.fetchFor(account))(input, init);
  return {
    account,
    fetch: fetchAsUser,
    getAccessToken: () => auth.getAccessToken(account),
    user: () => (user ??= auth.getTokens(account).then(({ scopes }) => readUser(fetchAsUser, scopes))),
    api: () => (api ??= callApi(makeApi, { auth, account })),
  };
}

async function callApi(makeApi: MakeApi | undefined, source: ApiSource): Promise<BitbucketApi> {
  if (makeApi) return makeApi(source);
  throw new InvalidOptionsError(
    "api() needs the option `api`, such as createAuthenticatedAPI of @bitbucket-auth/api-v2.",
  );
}
