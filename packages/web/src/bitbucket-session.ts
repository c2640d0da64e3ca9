import {
  ApiRequestError,
  type BitbucketAuth,
  InvalidOptionsError,
  isBitbucketAuthError,
  readApiError,
} from "@bitbucket-auth/core";
import { grantsScope } from "@bitbucket-auth/core/internal";
import { member, textMember } from "./options.js";

/** What a function that makes an API client is given. Fits `createAuthenticatedAPI` of `@bitbucket-auth/api-v2`. */
export interface ApiSource {
  readonly auth: BitbucketAuth;
  readonly account: string;
}

/** Bitbucket, as the user who made the request. */
export interface BitbucketSession<Api> {
  /** Their `uuid`: the key of their grant. */
  readonly account: string;
  /** A token that works now. Rejects as core's does. */
  getAccessToken(): Promise<string>;
  /** Takes `/2.0/user` or a whole URL of the API, puts the token on and renews it on a 401. */
  readonly fetch: typeof globalThis.fetch;
  /** Who they are, asked of Bitbucket once per request. */
  user(): Promise<BitbucketUser>;
  /** What the `api` option makes, once per request. Rejects with `InvalidOptionsError` without that option. */
  api(): Promise<Api>;
}

/** Acts as `account` for the length of one request; nothing is asked of Bitbucket before it is needed. */
export function createBitbucketSession<Api>(
  auth: BitbucketAuth,
  account: string,
  makeApi: ((source: ApiSource) => Promise<Api>) | undefined,
): BitbucketSession<Api> {
  return new SignedInUser(auth, account, makeApi);
}

/**
 * Note: a class, with its functions behind getters. One is made for every guarded request, and most use one function of the
 * four or none; each can be taken off its object, as of a plain one.
 */
class SignedInUser<Api> implements BitbucketSession<Api> {
  readonly account: string;
  readonly #auth: BitbucketAuth;
  readonly #makeApi: ((source: ApiSource) => Promise<Api>) | undefined;
  #authenticated: typeof globalThis.fetch | undefined;
  #user: Promise<BitbucketUser> | undefined;
  #api: Promise<Api> | undefined;

  constructor(
    auth: BitbucketAuth,
    account: string,
    makeApi: ((source: ApiSource) => Promise<Api>) | undefined,
  ) {
    this.account = account;
    this.#auth = auth;
    this.#makeApi = makeApi;
  }
  get fetch(): typeof globalThis.fetch {
    return (this.#authenticated ??= this.#auth.fetchFor(this.account));
  }
  get getAccessToken(): () => Promise<string> {
    return () => this.#auth.getAccessToken(this.account);
  }
  get user(): () => Promise<BitbucketUser> {
    return () =>
      (this.#user ??= this.#auth.getTokens(this.account).then(({ scopes }) => readUser(this.fetch, scopes)));
  }
  get api(): () => Promise<Api> {
    return () => (this.#api ??= callApi(this.#makeApi, { auth: this.#auth, account: this.account }));
  }
}

async function callApi<Api>(
  makeApi: ((source: ApiSource) => Promise<Api>) | undefined,
  source: ApiSource,
): Promise<Api> {
  if (makeApi) return makeApi(source);
  throw new InvalidOptionsError(
    "api() needs the option `api`, such as createAuthenticatedAPI of @bitbucket-auth/api-v2.",
  );
}

/** Who signed in, as Bitbucket tells it. */
export interface BitbucketUser {
  /** Never changes, as names do. It is the account key. */
  readonly uuid: string;
  readonly displayName: string;
  readonly username?: string;
  readonly nickname?: string;
  /** The Atlassian account. */
  readonly accountId?: string;
  readonly avatarUrl?: string;
  /** Absent when the consumer has no permission to read them. */
  readonly emails?: readonly BitbucketEmail[];
}

/** An address that Bitbucket knows the user by. */
export interface BitbucketEmail {
  readonly email: string;
  readonly isPrimary: boolean;
  readonly isConfirmed: boolean;
}

/** More pages of addresses than a user has: an end to a list that never ends. */
const mostPages = 20;

/**
 * Asks Bitbucket who this is, and for the addresses unless `scopes` rule them out. Rejects as the authenticated `fetch` does.
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
 */
export async function readUser(
  fetchAsUser: typeof globalThis.fetch,
  scopes: readonly string[] | undefined,
): Promise<BitbucketUser> {
  const [user, emails] = await Promise.all([
    readJson(fetchAsUser, "/2.0/user"),
    mayReadEmails(scopes) ? readEmails(fetchAsUser) : undefined,
  ]);
  const uuid = textMember(user, "uuid");
  if (uuid === undefined)
    throw new ApiRequestError("Bitbucket's answer to GET /2.0/user names no uuid. Try again.", {
      transient: true,
      action: "retry",
    });
  const username = textMember(user, "username");
  const nickname = textMember(user, "nickname");
  const accountId = textMember(user, "account_id");
  const avatarUrl = textMember(member(member(user, "links"), "avatar"), "href");
  return {
    uuid,
    displayName: textMember(user, "display_name") ?? nickname ?? username ?? uuid,
    ...(username !== undefined && { username }),
    ...(nickname !== undefined && { nickname }),
    ...(accountId !== undefined && { accountId }),
    ...(avatarUrl !== undefined && { avatarUrl }),
    ...(emails !== undefined && { emails }),
  };
}

/** `false` only where it is certain: an empty list, and scopes of another kind (`read:user:bitbucket`), do not tell. */
function mayReadEmails(scopes: readonly string[] | undefined): boolean {
  if (scopes === undefined || scopes.length === 0 || grantsScope(scopes, "email")) return true;
  return scopes.some((scope) => !/^[a-z]+(?::[a-z]+)?$/.test(scope));
}

async function readEmails(fetchAsUser: typeof globalThis.fetch): Promise<BitbucketEmail[] | undefined> {
  const byAddress = new Map<string, BitbucketEmail>();
  const found = (): BitbucketEmail[] | undefined =>
    byAddress.size > 0 ? [...byAddress.values()] : undefined;
  try {
    let next: string | undefined = "/2.0/user/emails";
    for (let page = 0; next !== undefined && page < mostPages; page++) {
      const list: unknown = await readJson(fetchAsUser, next);
      const values = member(list, "values");
      if (!Array.isArray(values)) return found();
      const before = byAddress.size;
      for (const each of values.flatMap(parseEmail)) byAddress.set(each.email, each);
      // A page that brings nothing new is one that was sent before, whatever was asked for.
      if (values.length > 0 && byAddress.size === before) break;
      next = textMember(list, "next");
      // Some lists of Bitbucket's send a count and never a link.
      const size = member(list, "size");
      if (next === undefined && values.length > 0 && typeof size === "number" && byAddress.size < size)
        next = `/2.0/user/emails?page=${page + 2}`;
    }
    return [...byAddress.values()];
  } catch (error) {
    // The user without addresses is still useful; an error that concerns more than addresses, `/2.0/user` meets too.
    if (isBitbucketAuthError(error)) return found();
    throw error;
  }
}

function parseEmail(value: unknown): BitbucketEmail[] {
  const email = textMember(value, "email");
  if (email === undefined) return [];
  return [
    {
      email,
      isPrimary: member(value, "is_primary") === true,
      isConfirmed: member(value, "is_confirmed") === true,
    },
  ];
}

async function readJson(fetchAsUser: typeof globalThis.fetch, path: string): Promise<unknown> {
  const response = await fetchAsUser(path);
  if (!response.ok) throw await readApiError(response);
  return response.json().catch(() => undefined);
}
