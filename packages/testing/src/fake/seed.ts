import { randomToken, randomUuid } from "./secrets.js";

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

/** A user with an account at the fake. */
export interface User {
  readonly username: string;
  readonly displayName: string;
  /** In braces, as Bitbucket writes it. */
  readonly uuid: string;
  readonly accountId: string;
  /** The primary address. */
  readonly email: string;
  /** Further addresses, listed before the primary one. */
  readonly otherEmails: readonly string[];
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
  /** The key of its project. */
  readonly project: string;
  readonly mainBranch: string;
  /** As the API writes it: ISO 8601 with an offset. */
  readonly createdOn: string;
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
  readonly description: string;
  /** Usernames. */
  readonly reviewers: readonly string[];
  /** As the API writes it: ISO 8601 with an offset. */
  readonly createdOn: string;
  readonly updatedOn: string;
  /** The hash of the merge commit; `null` while there is none. */
  readonly mergeCommit: string | null;
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
  readonly consumers?: readonly ConsumerSeed[] | undefined;
  readonly users?: readonly UserSeed[] | undefined;
  readonly workspaces?: readonly WorkspaceSeed[] | undefined;
  readonly repositories?: readonly RepositorySeed[] | undefined;
  readonly pullRequests?: readonly PullRequestSeed[] | undefined;
}

/** Every member a seed may have, and those it must have, by the list it stands in. */
export const seedMembers: Readonly<
  Record<keyof Seed, { readonly needs: readonly string[]; readonly has: readonly string[] }>
> = {
  consumers: { needs: [], has: ["name", "clientId", "clientSecret", "callbackUrl", "scopes", "private"] },
  users: {
    needs: ["username"],
    has: ["displayName", "uuid", "accountId", "email", "otherEmails", "password"],
  },
  workspaces: { needs: ["slug"], has: ["name", "uuid", "members"] },
  repositories: {
    needs: ["workspace", "slug"],
    has: ["name", "uuid", "private", "description", "project", "mainBranch", "createdOn"],
  },
  pullRequests: {
    needs: ["workspace", "repository", "id"],
    has: "title state author sourceBranch destinationBranch description reviewers createdOn updatedOn mergeCommit".split(
      " ",
    ),
  },
};

/** Throws, by name, for a member that a seed has not, and for one that it lacks. */
export function checkSeed(list: keyof Seed, seed: object): void {
  const { needs, has } = seedMembers[list];
  const unknown = Object.keys(seed).find((name) => !needs.includes(name) && !has.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`an item of ${list} has no "${unknown}"; it has ${[...needs, ...has].join(", ")}`);
  const given = new Map<string, unknown>(Object.entries(seed));
  const missing = needs.find((name) => given.get(name) === undefined);
  if (missing !== undefined) throw new TypeError(`an item of ${list} needs "${missing}"`);
}

/** A seed in which no list is missing. */
export type WholeSeed = { readonly [Name in keyof Seed]-?: NonNullable<Seed[Name]> };

/** Throws, by name, for what a seed points at and has not: a test would see 404 and not why. What is made up points right. */
export function checkReferences(
  given: Seed,
  known: Pick<WholeSeed, "users" | "workspaces" | "repositories">,
): void {
  const users = new Set(known.users.map(({ username }) => username));
  const workspaces = new Set(known.workspaces.map(({ slug }) => slug));
  const repositories = new Set(known.repositories.map(({ workspace, slug }) => `${workspace}/${slug}`));
  const check = (
    list: keyof Seed,
    what: string,
    names: readonly (string | undefined)[],
    has: ReadonlySet<string>,
  ) => {
    const missing = names.find((name) => name !== undefined && !has.has(name));
    if (missing === undefined) return;
    const there = [...has].join(", ") || "none";
    throw new TypeError(
      `an item of ${list} names the ${what} "${missing}", which is not there; there is ${there}`,
    );
  };
  for (const { members = [] } of given.workspaces ?? []) check("workspaces", "user", members, users);
  for (const { workspace } of given.repositories ?? [])
    check("repositories", "workspace", [workspace], workspaces);
  for (const { workspace, repository, author, reviewers = [] } of given.pullRequests ?? []) {
    check("pullRequests", "repository", [`${workspace}/${repository}`], repositories);
    check("pullRequests", "user", [author, ...reviewers], users);
  }
}

/** Scopes of a consumer that names none. */
const defaultScopes: readonly string[] = ["account", "email", "repository", "pullrequest"];

/** Everything in it has the lengths Bitbucket uses since 2026: key 32, secret 76 characters. */
export const defaultSeed: WholeSeed = {
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

/** A consumer, with a default for each field that the seed leaves out. */
export function completeConsumer(seed: ConsumerSeed = {}): Consumer {
  checkSeed("consumers", seed);
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

/** A user, with a default for each field that the seed leaves out. */
export function completeUser(seed: UserSeed): User {
  checkSeed("users", seed);
  return {
    username: seed.username,
    displayName: seed.displayName ?? seed.username,
    uuid: seed.uuid ?? randomUuid(),
    accountId: seed.accountId ?? `557058:${randomUuid().slice(1, -1)}`,
    email: seed.email ?? `${seed.username}@example.com`,
    otherEmails: seed.otherEmails ?? [],
    password: seed.password ?? randomToken(20),
  };
}

/** A workspace, whose members are all `users` unless the seed names them. */
export function completeWorkspace(seed: WorkspaceSeed, users: readonly User[]): Workspace {
  checkSeed("workspaces", seed);
  return {
    slug: seed.slug,
    name: seed.name ?? seed.slug,
    uuid: seed.uuid ?? randomUuid(),
    members: seed.members ?? users.map((user) => user.username),
  };
}

/** A repository, with a default for each field that the seed leaves out. */
export function completeRepository(seed: RepositorySeed): Repository {
  checkSeed("repositories", seed);
  return {
    workspace: seed.workspace,
    slug: seed.slug,
    name: seed.name ?? seed.slug,
    uuid: seed.uuid ?? randomUuid(),
    private: seed.private ?? true,
    description: seed.description ?? "",
    project: seed.project ?? "PROJ",
    mainBranch: seed.mainBranch ?? "main",
    createdOn: seed.createdOn ?? "2024-01-01T09:00:00.000000+00:00",
  };
}

/** A pull request, whose author is the first of `users` unless the seed names one. */
export function completePullRequest(seed: PullRequestSeed, users: readonly User[]): PullRequest {
  checkSeed("pullRequests", seed);
  return {
    workspace: seed.workspace,
    repository: seed.repository,
    id: seed.id,
    title: seed.title ?? `Pull request ${seed.id}`,
    state: seed.state ?? "OPEN",
    author: seed.author ?? users[0]?.username ?? "alice",
    sourceBranch: seed.sourceBranch ?? `feature-${seed.id}`,
    destinationBranch: seed.destinationBranch ?? "main",
    description: seed.description ?? "",
    reviewers: seed.reviewers ?? [],
    createdOn: seed.createdOn ?? "2024-01-02T09:00:00.000000+00:00",
    updatedOn: seed.updatedOn ?? seed.createdOn ?? "2024-01-02T09:30:00.000000+00:00",
    mergeCommit: seed.mergeCommit ?? null,
  };
}

/** A list of what the fake knows, to read as an array and to add to. */
export interface Collection<Item, ItemSeed> extends ReadonlyArray<Item> {
  /** Completes the seed, keeps the item and answers it. */
  add(seed: ItemSeed): Item;
}

/** Makes a collection over `items`, which stays the caller's and may be refilled in place. */
export function createCollection<Item, ItemSeed>(
  items: Item[],
  complete: (seed: ItemSeed) => Item,
): Collection<Item, ItemSeed> {
  const collection = Object.assign(items, {
    add(seed: ItemSeed): Item {
      const item = complete(seed);
      items.push(item);
      return item;
    },
  });
  // Hidden, so that a test comparing the list with an array of items sees only the items.
  Object.defineProperty(collection, "add", { enumerable: false });
  return collection;
}
