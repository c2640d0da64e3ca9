import type { Repository } from "../seed.js";
import type { ApiItem, MockState } from "../state.js";

/** A commit of a repository, as the fake keeps it. */
export interface CommitItem {
  readonly hash: string;
  readonly message: string;
  readonly author: string;
  readonly date: string;
  readonly parents: readonly string[];
  /** Every file of the tree by its path, in base64. */
  readonly files: Readonly<Record<string, string>>;
}

/** The path of a repository's lists, as in the API. */
export function repositoryPath({ workspace, slug }: Pick<Repository, "workspace" | "slug">): string {
  return `/repositories/${workspace}/${slug}`;
}

/** What stands in the list at `path`. */
export function itemsAt({ items }: MockState, path: string): readonly ApiItem[] {
  return items.get(path) ?? [];
}

/** The commits of a repository, newest first. A repository starts with two. */
export function commitsOf(state: MockState, repository: Repository): readonly CommitItem[] {
  const kept = itemsAt(state, `${repositoryPath(repository)}/commits`);
  const commits = kept.flatMap((item) => (isCommit(item) ? [item] : []));
  return commits.length > 0 ? commits : firstCommits(repository);
}

/** Adds a commit on top of a branch and moves the branch to it. */
export function addCommit(
  state: MockState,
  repository: Repository,
  branch: string,
  given: Pick<CommitItem, "message" | "author" | "date"> & {
    /** What the commit changes: contents in base64, `null` for what it removes. */
    readonly changes: Readonly<Record<string, string | null>>;
  },
): CommitItem {
  const commits = commitsOf(state, repository);
  // Branches that nobody has moved yet stand at the newest commit: the one that comes now moves its own branch alone.
  keepBranches(state, repository, branchesOf(state, repository));
  const parent = findCommit(state, repository, branch) ?? commits[0];
  const { message, author, date, changes } = given;
  const files = Object.entries({ ...parent?.files, ...changes }).flatMap(([path, content]) =>
    content === null ? [] : [[path, content] as const],
  );
  const commit: CommitItem = {
    hash: hashOf(`${repositoryPath(repository)} ${commits.length} ${branch} ${message}`),
    message,
    author,
    date,
    parents: parent ? [parent.hash] : [],
    files: Object.fromEntries(files),
  };
  state.items.set(
    `${repositoryPath(repository)}/commits`,
    [commit, ...commits].map((each) => ({ ...each })),
  );
  setBranch(state, repository, branch, commit.hash);
  return commit;
}

/** The branches of a repository: their names, and the hash each stands at. */
export function branchesOf(state: MockState, repository: Repository): ReadonlyMap<string, string> {
  const kept = itemsAt(state, `${repositoryPath(repository)}/refs/branches`);
  const branches = new Map(kept.map(({ name, hash }) => [String(name), String(hash)]));
  const [newest] = commitsOf(state, repository);
  if (!newest) return branches;
  const open = state.pullRequests.filter(
    (one) =>
      one.state === "OPEN" && one.workspace === repository.workspace && one.repository === repository.slug,
  );
  for (const name of [repository.mainBranch, ...open.map(({ sourceBranch }) => sourceBranch)])
    if (!branches.has(name)) branches.set(name, newest.hash);
  return branches;
}

/** Makes a branch, or moves one. */
export function setBranch(state: MockState, repository: Repository, name: string, hash: string): void {
  const branches = new Map(branchesOf(state, repository)).set(name, hash);
  keepBranches(state, repository, branches);
}

/** Removes a branch. Answers whether it was there. */
export function removeBranch(state: MockState, repository: Repository, name: string): boolean {
  const branches = new Map(branchesOf(state, repository));
  const wasThere = branches.delete(name);
  keepBranches(state, repository, branches);
  return wasThere;
}

function keepBranches(state: MockState, repository: Repository, branches: ReadonlyMap<string, string>): void {
  state.items.set(
    `${repositoryPath(repository)}/refs/branches`,
    Array.from(branches, ([name, hash]) => ({ name, hash })),
  );
}

/** The commit a hash (or the start of one), a branch or a tag names. */
export function findCommit(
  state: MockState,
  repository: Repository,
  revision: string,
): CommitItem | undefined {
  const commits = commitsOf(state, repository);
  const tag = itemsAt(state, `${repositoryPath(repository)}/refs/tags`).find(({ name }) => name === revision);
  const hash = branchesOf(state, repository).get(revision) ?? (tag ? String(tag["hash"]) : revision);
  return commits.find((commit) => commit.hash === hash || (hash.length >= 7 && commit.hash.startsWith(hash)));
}

function firstCommits(repository: Repository): readonly CommitItem[] {
  const readme = btoa(`# ${repository.slug}\n`);
  const first: CommitItem = {
    hash: hashOf(`${repositoryPath(repository)} 1`),
    message: "Begin\n",
    author: "Alice Example <alice@example.com>",
    date: repository.createdOn,
    parents: [],
    files: { "README.md": readme },
  };
  const second: CommitItem = {
    ...first,
    hash: hashOf(`${repositoryPath(repository)} 2`),
    message: "Add a logo\n",
    date: repository.createdOn.replace("T09:", "T10:"),
    parents: [first.hash],
    // The smallest PNG there is, so that there are bytes that are no text.
    files: { "README.md": readme, "assets/logo.png": png },
  };
  return [second, first];
}

const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function isCommit(item: ApiItem): item is ApiItem & CommitItem {
  return typeof item["hash"] === "string" && typeof item["files"] === "object";
}

/** Forty hexadecimal digits that depend on the text alone, so that two runs agree. */
export function hashOf(text: string): string {
  let digits = "";
  for (let round = 0; digits.length < 40; round += 1) {
    // FNV-1a, 32 bits: not for keeping secrets.
    let hash = 0x811c9dc5 ^ round;
    for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
    digits += (hash >>> 0).toString(16).padStart(8, "0");
  }
  return digits;
}
