import {
  emailResource,
  pullRequestResource,
  repositoryResource,
  userResource,
  workspaceAccessResource,
  workspaceResource,
} from "./api-resources.js";
import { page } from "./pagination.js";
import { randomToken } from "./random-token.js";
import {
  completePullRequest,
  completeRepository,
  completeUser,
  completeWorkspace,
  type PullRequestSeed,
  type RepositorySeed,
  type UserSeed,
  type WorkspaceSeed,
} from "./seed.js";

export {
  aPullRequestEvent,
  aPushEvent,
  type PullRequestEventOptions,
  type PushEventOptions,
} from "./webhook-payloads.js";

/** A body as the API sends it. */
export type ApiBody = Readonly<Record<string, unknown>>;

const origin = "https://api.bitbucket.org";

/** What `GET /2.0/user` answers. */
export function aUser(given: Partial<UserSeed> = {}): ApiBody {
  return userResource(completeUser({ username: "alice", ...given }), origin);
}

/** An entry of `GET /2.0/user/emails`. */
export function anEmail(given: Partial<UserSeed> = {}): ApiBody {
  return emailResource(completeUser({ username: "alice", ...given }), origin);
}

/** What `GET /2.0/workspaces/{workspace}` answers. */
export function aWorkspace(given: Partial<WorkspaceSeed> = {}): ApiBody {
  return workspaceResource(completeWorkspace({ slug: "acme", ...given }, []), origin);
}

/** An entry of `GET /2.0/user/workspaces`; the workspace sits one level down. */
export function aWorkspaceAccess(given: Partial<WorkspaceSeed> = {}, user: Partial<UserSeed> = {}): ApiBody {
  const member = completeUser({ username: "alice", ...user });
  return workspaceAccessResource(completeWorkspace({ slug: "acme", ...given }, [member]), member, origin);
}

/** What `GET /2.0/repositories/{workspace}/{slug}` answers. */
export function aRepository(given: Partial<RepositorySeed> = {}): ApiBody {
  return repositoryResource(completeRepository({ workspace: "acme", slug: "website", ...given }), origin);
}

/** What `GET /2.0/repositories/{workspace}/{slug}/pullrequests/{id}` answers. */
export function aPullRequest(given: Partial<PullRequestSeed> = {}): ApiBody {
  const seed = { workspace: "acme", repository: "website", id: 1, ...given };
  return pullRequestResource(completePullRequest(seed, []), origin);
}

/** One page of a list. `url` says which: its `page` and `pagelen` count. */
export function aPage(
  items: readonly ApiBody[],
  url: string | URL = `${origin}/2.0/repositories/acme`,
): ApiBody {
  return page(items, new URL(url));
}

/** What of a token response matters to the test. The rest is made up. */
export interface TokenResponseOptions {
  readonly accessToken?: string;
  /** `null` for none, as client credentials have it. */
  readonly refreshToken?: string | null;
  readonly scopes?: readonly string[];
  readonly expiresInSeconds?: number;
}

/** What the token endpoint answers since 2026; both tokens have the length they have there. */
export function aTokenResponse(given: TokenResponseOptions = {}): ApiBody {
  const {
    accessToken = randomToken(2_600),
    refreshToken = randomToken(2_600),
    expiresInSeconds = 7_200,
  } = given;
  return {
    access_token: accessToken,
    ...(refreshToken !== null && { refresh_token: refreshToken }),
    expires_in: expiresInSeconds,
    token_type: "bearer",
    scope: (given.scopes ?? ["account", "repository"]).join(" "),
  };
}
