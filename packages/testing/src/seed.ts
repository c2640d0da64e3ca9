import { randomToken, randomUuid } from "./random-token.js";

/** An OAuth consumer as its owner registered it. */
export interface Consumer {
  /** What tests call it; Bitbucket shows it on the consent page. */
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The one callback. `null`: none registered, and then no grant works. */
  readonly callbackUrl: string | null;
  readonly scopes: readonly string[];
  /** "This is a private consumer": client credentials need it. */
  readonly private: boolean;
}

/** Somebody with an account at the fake. */
export interface User {
  readonly username: string;
  readonly displayName: string;
  /** In braces, as Bitbucket writes it. */
  readonly uuid: string;
  readonly accountId: string;
  readonly email: string;
  /** For the password grant of the `cloud-legacy` profile. */
  readonly password: string;
}

/** A workspace of the fake. Repositories belong to one. */
export interface Workspace {
  readonly slug: string;
  readonly name: string;
  readonly uuid: string;
  /** Usernames. The first one owns it. */
  readonly members: readonly string[];
}

/** A repository of the fake. */
export interface Repository {
  readonly workspace: string;
  readonly slug: string;
  readonly name: string;
  readonly uuid: string;
  readonly private: boolean;
  readonly description: string;
}

/** A pull request of the fake. */
export interface PullRequest {
  readonly workspace: string;
  readonly repository: string;
  readonly id: number;
  readonly title: string;
  readonly state: "OPEN" | "MERGED" | "DECLINED" | "SUPERSEDED";
  readonly author: string;
  readonly sourceBranch: string;
  readonly destinationBranch: string;
}

/** What of a consumer matters to the test. The rest is made up. */
export type ConsumerSeed = Partial<Consumer>;
/** What of a user matters to the test. The rest is made up from the name. */
export type UserSeed = Partial<User> & Pick<User, "username">;
/** What of a workspace matters to the test. The rest is made up from the slug. */
export type WorkspaceSeed = Partial<Workspace> & Pick<Workspace, "slug">;
/** What of a repository matters to the test. The rest is made up from the slug. */
export type RepositorySeed = Partial<Repository> & Pick<Repository, "workspace" | "slug">;
/** What of a pull request matters to the test. The rest is made up from the number. */
export type PullRequestSeed = Partial<PullRequest> & Pick<PullRequest, "workspace" | "repository" | "id">;

/** What a fake starts with. A list that is given replaces the default one. */
export interface Seed {
  readonly consumers?: readonly ConsumerSeed[];
  readonly users?: readonly UserSeed[];
  readonly workspaces?: readonly WorkspaceSeed[];
  readonly repositories?: readonly RepositorySeed[];
  readonly pullRequests?: readonly PullRequestSeed[];
}

/** Scopes of a consumer that names none. */
const defaultScopes: readonly string[] = ["account", "email", "repository", "pullrequest"];

/** Everything in it has the lengths Bitbucket uses since 2026: key 32, secret 76 characters. */
export const defaultSeed: Required<Seed> = {
  consumers: [
    {
      name: "app",
      clientId: "mockConsumerKey00000000000000000",
      clientSecret: "mockConsumerSecret".padEnd(76, "0"),
    },
  ],
  users: [{ username: "alice", displayName: "Alice Example" }],
  workspaces: [{ slug: "acme", name: "Acme" }],
  repositories: [
    { workspace: "acme", slug: "website", name: "Website" },
    { workspace: "acme", slug: "api", name: "API" },
    { workspace: "acme", slug: "docs", name: "Docs", private: false },
  ],
  pullRequests: [
    { workspace: "acme", repository: "website", id: 1, title: "Say hello" },
    { workspace: "acme", repository: "website", id: 2, title: "Say goodbye", state: "MERGED" },
  ],
};

export function completeConsumer(seed: ConsumerSeed = {}): Consumer {
  const { name = seed.clientId ?? "app", callbackUrl = "http://localhost:3000/auth/bitbucket/callback" } =
    seed;
  return {
    name,
    clientId: seed.clientId ?? randomToken(32),
    clientSecret: seed.clientSecret ?? randomToken(76),
    // What an empty field of Bitbucket's form leaves.
    callbackUrl: callbackUrl || null,
    scopes: seed.scopes ?? defaultScopes,
    private: seed.private ?? true,
  };
}

export function completeUser(seed: UserSeed): User {
  return {
    username: seed.username,
    displayName: seed.displayName ?? seed.username,
    uuid: seed.uuid ?? randomUuid(),
    accountId: seed.accountId ?? `557058:${randomUuid().slice(1, -1)}`,
    email: seed.email ?? `${seed.username}@example.com`,
    password: seed.password ?? randomToken(20),
  };
}

export function completeWorkspace(seed: WorkspaceSeed, users: readonly User[]): Workspace {
  return {
    slug: seed.slug,
    name: seed.name ?? seed.slug,
    uuid: seed.uuid ?? randomUuid(),
    members: seed.members ?? users.map((user) => user.username),
  };
}

export function completeRepository(seed: RepositorySeed): Repository {
  return {
    workspace: seed.workspace,
    slug: seed.slug,
    name: seed.name ?? seed.slug,
    uuid: seed.uuid ?? randomUuid(),
    private: seed.private ?? true,
    description: seed.description ?? "",
  };
}

export function completePullRequest(seed: PullRequestSeed, users: readonly User[]): PullRequest {
  return {
    workspace: seed.workspace,
    repository: seed.repository,
    id: seed.id,
    title: seed.title ?? `Pull request ${seed.id}`,
    state: seed.state ?? "OPEN",
    author: seed.author ?? users[0]?.username ?? "alice",
    sourceBranch: seed.sourceBranch ?? `feature-${seed.id}`,
    destinationBranch: seed.destinationBranch ?? "main",
  };
}
