import { pullRequestResource, repositoryResource, userResource } from "./api-resources.js";
import {
  completePullRequest,
  completeRepository,
  completeUser,
  type PullRequestSeed,
  type RepositorySeed,
  type UserSeed,
} from "./seed.js";

const origin = "https://api.bitbucket.org";

/** What of a push matters to the test. The rest is made up. */
export interface PushEventOptions {
  readonly actor?: Partial<UserSeed>;
  readonly repository?: Partial<RepositorySeed>;
  readonly branch?: string;
  /** The new commit; 40 hexadecimal digits. */
  readonly commit?: string;
}

/** The body of a `repo:push` webhook: one branch got one new commit. */
export function aPushEvent(given: PushEventOptions = {}): Readonly<Record<string, unknown>> {
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
  readonly pullRequest?: Partial<PullRequestSeed>;
}

/** The body of the `pullrequest:*` webhooks. Which of them it is says the `X-Event-Key` header, not the body. */
export function aPullRequestEvent(given: PullRequestEventOptions = {}): Readonly<Record<string, unknown>> {
  const repository = { workspace: "acme", slug: "website", ...given.repository };
  const seed = { workspace: repository.workspace, repository: repository.slug, id: 1, ...given.pullRequest };
  return { ...stage(given), pullrequest: pullRequestResource(completePullRequest(seed, []), origin) };
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
