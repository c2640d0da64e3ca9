import { assertNames } from "./fake/names.js";
import { hashOf } from "./fake/api/content.js";
import {
  emailResources,
  pullRequestResource,
  repositoryResource,
  userResource,
  workspaceAccessResource,
  workspaceResource,
  page,
} from "./fake/api/resources.js";
import { randomToken } from "./fake/secrets.js";
import {
  completePullRequest,
  completeRepository,
  completeUser,
  completeWorkspace,
  type PullRequestSeed,
  type RepositorySeed,
  type UserSeed,
  type WorkspaceSeed,
} from "./fake/seed.js";

/** A body as the API sends it. */
export type ApiBody = Readonly<Record<string, unknown>>;

const origin = "https://api.bitbucket.org";

/** What `GET /2.0/user` answers. */
export function aUser(given: Partial<UserSeed> = {}): ApiBody {
  return userResource(completeUser({ username: "alice", ...given }), origin);
}

/** An entry of `GET /2.0/user/emails`. */
export function anEmail(given: Partial<UserSeed> = {}): ApiBody {
  const [email = {}] = emailResources(completeUser({ username: "alice", ...given }), origin);
  return email;
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
  return pullRequestBody(seed);
}

function pullRequestBody(seed: PullRequestSeed): ApiBody {
  const pullRequest = completePullRequest(seed, []);
  const { author, sourceBranch, destinationBranch } = pullRequest;
  const users = [completeUser({ username: author })];
  const parts = { users, sourceHash: hashOf(sourceBranch), destinationHash: hashOf(destinationBranch) };
  return pullRequestResource(pullRequest, parts, origin);
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
  readonly accessToken?: string | undefined;
  /** `null` for none, as client credentials have it. */
  readonly refreshToken?: string | null | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** @default 7200 */
  readonly expiresInSeconds?: number | undefined;
}

/** What the token endpoint answers since 2026; both tokens have the length they have there. */
export function aTokenResponse(given: TokenResponseOptions = {}): ApiBody {
  assertNames(given, "aTokenResponse()", ["accessToken", "refreshToken", "scopes", "expiresInSeconds"]);
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

/** What of a push matters to the test. The rest is made up. */
export interface PushEventOptions {
  readonly actor?: Partial<UserSeed> | undefined;
  readonly repository?: Partial<RepositorySeed> | undefined;
  readonly branch?: string | undefined;
  /** The new commit; 40 hexadecimal digits. */
  readonly commit?: string | undefined;
}

/** The body of a `repo:push` webhook: one branch got one new commit. */
export function aPushEvent(given: PushEventOptions = {}): Readonly<Record<string, unknown>> {
  assertNames(given, "aPushEvent()", ["actor", "repository", "branch", "commit"]);
  const { branch = "main", commit = "0123456789abcdef0123456789abcdef01234567" } = given;
  return {
    ...stage(given),
    push: {
      changes: [
        {
          created: false,
          closed: false,
          forced: false,
          new: { type: "branch", name: branch, target: { type: "commit", hash: commit } },
        },
      ],
    },
  };
}

/** What of a pull request event matters to the test. The rest is made up. */
export interface PullRequestEventOptions extends Pick<PushEventOptions, "actor" | "repository"> {
  readonly pullRequest?: Partial<PullRequestSeed> | undefined;
}

/** The body of the `pullrequest:*` webhooks. Which of them it is says the `X-Event-Key` header, not the body. */
export function aPullRequestEvent(given: PullRequestEventOptions = {}): Readonly<Record<string, unknown>> {
  assertNames(given, "aPullRequestEvent()", ["actor", "repository", "pullRequest"]);
  const repository = { workspace: "acme", slug: "website", ...given.repository };
  const seed = { workspace: repository.workspace, repository: repository.slug, id: 1, ...given.pullRequest };
  return { ...stage(given), pullrequest: pullRequestBody(seed) };
}

/** Who did it, and where. */
function stage({
  actor,
  repository,
}: Pick<PushEventOptions, "actor" | "repository">): Readonly<Record<string, unknown>> {
  return {
    actor: userResource(completeUser({ username: "alice", ...actor }), origin),
    repository: repositoryResource(
      completeRepository({ workspace: "acme", slug: "website", ...repository }),
      origin,
    ),
  };
}
