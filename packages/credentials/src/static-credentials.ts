import { gitCredentials, InvalidOptionsError, type FetchForOptions } from "@bitbucket-auth/core";
import {
  assertCredential,
  assertFunction,
  assertClock,
  assertOptions,
  assertTimeLimit,
  bitbucketCloud,
  createAuthenticatedFetch,
  isSafeAddress,
  readUrl,
  toBase64,
  type AuthorizationSource,
} from "@bitbucket-auth/core/internal";
import {
  printAsKind,
  readSignal,
  type Credential,
  type CredentialKind,
  type StaticCredentialOptions,
} from "./credential.js";
import { createExpiryWarning } from "./expiry-warning.js";
import { explainRefusal, verifyCredential, type IdentityQuestion } from "./verify.js";

/** What `apiToken` takes: a token that a user made at Atlassian, with scopes such as `read:repository:bitbucket`. */
export interface ApiTokenOptions extends StaticCredentialOptions {
  /** The email of the Atlassian account that made the token: not the Bitbucket user name. */
  readonly email: string;
  /** The token, `ATATT…`. */
  readonly token: string;
  /** The Bitbucket user name for Git. @default `x-bitbucket-api-token-auth`, which works for every account */
  readonly gitUsername?: string | undefined;
  /**
   * How it is sent to the API. `bearer` sends the token alone; sources disagree on whether Bitbucket accepts that.
   * @default "basic"
   */
  readonly scheme?: "basic" | "bearer" | undefined;
}

/** What `accessToken` takes: a token of a repository, a project or a workspace. */
export interface AccessTokenOptions extends StaticCredentialOptions {
  /** The token, `ATCTT…`. */
  readonly token: string;
  /** A workspace it may read. `verify()` asks there, because `/2.0/user` refuses this kind. */
  readonly workspace?: string | undefined;
  /** The slug of a repository it may read. `verify()` asks there: a repository access token may not read its workspace. Needs `workspace`. */
  readonly repository?: string | undefined;
}

const common = ["token", "expiresAt", "warnAheadMs", "onWarning", "endpoints", "fetch", "clock"];

/**
 * A user's API token: `Basic email:token` to the API, `x-bitbucket-api-token-auth` to Git.
 *
 * Throws `InvalidOptionsError` for a missing email or token, for white space around them, for a token with `Bearer` or `Basic`
 * before it, for an `expiresAt` that is not in milliseconds, and for unknown options.
 * @see https://support.atlassian.com/bitbucket-cloud/docs/api-tokens/
 */
export function apiToken(options: ApiTokenOptions): Credential {
  assertOptions(options, "apiToken()", [...common, "email", "gitUsername", "scheme"]);
  const { token, email, gitUsername = "x-bitbucket-api-token-auth", scheme = "basic" } = options;
  assertToken(token);
  assertCredential(email, "email");
  assertCredential(gitUsername, "gitUsername");
  gitCredentials(token, { username: gitUsername }); // refuses an email at once, not at the first clone
  if (scheme !== "basic" && scheme !== "bearer") {
    throw new InvalidOptionsError('scheme must be "basic" or "bearer".');
  }
  return staticCredential("api_token", options, {
    authorization: scheme === "basic" ? basic(email, token) : `Bearer ${token}`,
    siteAuthorization: basic(gitUsername, token),
    token,
    email,
    gitUsername,
    scheme,
    question: { route: "/2.0/user", scope: "read:user:bitbucket" },
  });
}

/**
 * An access token of a repository, project or workspace: `Bearer` to the API, `x-token-auth` to Git.
 *
 * Throws `InvalidOptionsError` for a missing token, for white space around it or `Bearer` before it, for an `expiresAt` that is not
 * in milliseconds, for a `repository` without its `workspace`, and for unknown options.
 * @see https://support.atlassian.com/bitbucket-cloud/docs/access-tokens/
 */
export function accessToken(options: AccessTokenOptions): Credential {
  assertOptions(options, "accessToken()", [...common, "workspace", "repository"]);
  const { token, workspace, repository } = options;
  assertToken(token);
  for (const [name, value] of Object.entries({ workspace, repository })) {
    if (value === undefined) continue;
    assertCredential(value, name);
    if (value.includes("/")) throw new InvalidOptionsError(`${name} must be a slug alone, without a slash.`);
  }
  if (repository !== undefined && workspace === undefined) {
    throw new InvalidOptionsError(
      "repository needs workspace beside it: a slug names a repository only within one.",
    );
  }
  return staticCredential("access_token", options, {
    authorization: `Bearer ${token}`,
    siteAuthorization: `Bearer ${token}`,
    token,
    gitUsername: "x-token-auth",
    scheme: "bearer",
    question: identityQuestion(workspace, repository),
  });
}

function assertToken(token: string): void {
  assertCredential(token, "token");
  const [scheme] = /^(?:bearer|basic)(?= )/i.exec(token) ?? [];
  if (scheme !== undefined) {
    throw new InvalidOptionsError(
      `token begins with "${scheme} ", as a header does. Pass the token alone: what goes before it is put there for you.`,
    );
  }
}

/** HTTP Basic (RFC 7617), in UTF-8. */
function basic(username: string, password: string): string {
  return `Basic ${toBase64(new TextEncoder().encode(`${username}:${password}`))}`;
}

function identityQuestion(workspace: string | undefined, repository: string | undefined): IdentityQuestion {
  if (workspace === undefined) return { route: "/2.0/user" };
  const place = encodeURIComponent(workspace);
  return repository === undefined
    ? { route: `/2.0/workspaces/${place}`, workspace }
    : { route: `/2.0/repositories/${place}/${encodeURIComponent(repository)}`, workspace, repository };
}

/** What makes one kind differ from another. */
interface Particulars {
  readonly authorization: string;
  /** What Bitbucket's site takes for an archive: the user name there is Git's. */
  readonly siteAuthorization: string;
  readonly token: string;
  readonly email?: string | undefined;
  readonly gitUsername: string;
  readonly scheme: "basic" | "bearer";
  readonly question: IdentityQuestion;
}

function staticCredential(
  kind: CredentialKind,
  options: StaticCredentialOptions,
  { authorization, siteAuthorization, token, email, gitUsername, scheme, question }: Particulars,
): Credential {
  const { expiresAt, fetch, clock } = options;
  if (fetch !== undefined) assertFunction(fetch, "fetch");
  if (clock !== undefined) assertClock(clock);
  const warn = createExpiryWarning(kind, options);
  const { apiUrl, siteUrl } = readOrigins(options.endpoints);
  const whenRefused = explainRefusal(kind, token, scheme, email);
  const sourceOf = (value: string): AuthorizationSource => ({
    async authorization() {
      warn();
      return value;
    },
    whenRefused,
  });
  const fetchWith = (limits: FetchForOptions): typeof globalThis.fetch => {
    const { archives, ...bounds } = readLimits(limits);
    const shared = { ...bounds, apiUrl, fetch, clock };
    const atApi = createAuthenticatedFetch({ ...shared, source: sourceOf(authorization) });
    if (!archives) return atApi;
    const source = sourceOf(siteAuthorization);
    const atSite = createAuthenticatedFetch({ ...shared, archivesUrl: siteUrl, source });
    return (input, init) => (isAt(siteUrl, input) ? atSite : atApi)(input, init);
  };
  const credential: Credential = {
    kind,
    ...(expiresAt !== undefined && { expiresAt }),
    async authorization(given) {
      throwIfAborted(readSignal(given, "authorization()"));
      warn();
      return authorization;
    },
    fetch: fetchWith({}),
    fetchWith,
    async git(given) {
      throwIfAborted(readSignal(given, "git()"));
      warn();
      return gitCredentials(token, { username: gitUsername, expiresAt });
    },
    async verify(given) {
      const signal = readSignal(given, "verify()");
      return verifyCredential({ kind, fetch: credential.fetch, question, expiresAt, signal });
    },
  };
  return printAsKind(credential);
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

/** The limits of one `fetch`, as core's `fetchFor()` reads them. What is not renewed has no use for `waitUntil`. */
function readLimits(limits: FetchForOptions): Omit<FetchForOptions, "waitUntil"> {
  assertOptions(limits, "fetchWith()", ["timeoutMs", "rateLimitBudgetMs", "archives", "waitUntil"]);
  const { timeoutMs, rateLimitBudgetMs, archives } = limits;
  if (timeoutMs !== undefined) assertTimeLimit(timeoutMs, "timeoutMs");
  if (rateLimitBudgetMs !== undefined && !(rateLimitBudgetMs >= 0)) {
    throw new InvalidOptionsError("rateLimitBudgetMs must be a number of milliseconds, 0 or more.");
  }
  return { timeoutMs, rateLimitBudgetMs, archives };
}

function isAt(origin: string, input: RequestInfo | URL): boolean {
  return readUrl(typeof input === "object" && "url" in input ? input.url : String(input))?.origin === origin;
}

/** Where the credential may be sent: the API, and the site, for archives. */
function readOrigins(endpoints: StaticCredentialOptions["endpoints"] = {}): {
  readonly apiUrl: string;
  readonly siteUrl: string;
} {
  assertOptions(endpoints, "endpoints", Object.keys(bitbucketCloud));
  const { apiUrl = bitbucketCloud.apiUrl, authorizationUrl = bitbucketCloud.authorizationUrl } = endpoints;
  return {
    apiUrl: originOf(apiUrl, "endpoints.apiUrl"),
    siteUrl: originOf(authorizationUrl, "endpoints.authorizationUrl"),
  };
}

function originOf(address: string, name: string): string {
  const url = readUrl(address);
  if (url && isSafeAddress(url)) return url.origin;
  throw new InvalidOptionsError(`${name} must be an https: URL, or http: to a loopback host.`);
}
