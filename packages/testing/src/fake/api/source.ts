import {
  jsonAnswer,
  apiErrorAnswer,
  badRequestAnswer,
  notFoundAnswer,
  noContent,
  type Answer,
} from "../answers.js";
import { toBase64 } from "../secrets.js";
import type { Repository } from "../seed.js";
import { inRepository, textOf, type ApiRoute, type InternalCall } from "./call.js";
import {
  addCommit,
  branchesOf,
  commitsOf,
  findCommit,
  itemsAt,
  removeBranch,
  repositoryPath,
  setBranch,
  type CommitItem,
} from "./content.js";
import { commitResource, page, type Resource } from "./resources.js";

/** Branches and tags. */
export const refRoutes: readonly ApiRoute[] = [
  inRepository("GET", "/refs", "repository", (call, repository) => {
    const { state, url } = call;
    const refs = [...branchesOf(state, repository).keys()].map((name) => branch(call, repository, name));
    return jsonAnswer(200, page([...refs, ...itemsAt(state, tagsOf(repository))], url));
  }),
  inRepository("GET", "/refs/branches", "repository", (call, repository) => {
    const names = [...branchesOf(call.state, repository).keys()];
    return jsonAnswer(
      200,
      page(
        names.map((name) => branch(call, repository, name)),
        call.url,
      ),
    );
  }),
  inRepository("POST", "/refs/branches", "repository:write", (call, repository) => {
    const name = textOf(call.body, "name");
    const commit = findCommit(call.state, repository, textOf(call.body, "target", "hash") ?? "");
    if (name === undefined) return badRequestAnswer({ name: ["This field is required."] });
    if (commit === undefined) return badRequestAnswer({ target: ["target.hash names no commit."] });
    if (branchesOf(call.state, repository).has(name))
      return apiErrorAnswer(400, `Branch "${name}" already exists.`, undefined, {}, "BRANCH_ALREADY_EXISTS");
    setBranch(call.state, repository, name, commit.hash);
    return jsonAnswer(201, branch(call, repository, name));
  }),
  inRepository("GET", "/refs/branches/*name", "repository", (call, repository) => {
    const { name = "" } = call.params;
    return branchesOf(call.state, repository).has(name)
      ? jsonAnswer(200, branch(call, repository, name))
      : notFoundAnswer();
  }),
  inRepository("DELETE", "/refs/branches/*name", "repository:write", (call, repository) =>
    removeBranch(call.state, repository, call.params["name"] ?? "") ? noContent : notFoundAnswer(),
  ),
  inRepository("GET", "/refs/tags", "repository", (call, repository) =>
    jsonAnswer(200, page(itemsAt(call.state, tagsOf(repository)), call.url)),
  ),
  inRepository("POST", "/refs/tags", "repository:write", (call, repository) => {
    const name = textOf(call.body, "name");
    const commit = findCommit(call.state, repository, textOf(call.body, "target", "hash") ?? "");
    if (name === undefined) return badRequestAnswer({ name: ["This field is required."] });
    if (commit === undefined) return badRequestAnswer({ target: ["target.hash names no commit."] });
    const place = tagsOf(repository);
    const target = commitResource(commit, repository, call.url.origin);
    const tag = { type: "tag", name, hash: commit.hash, target, date: call.now };
    call.state.items.set(place, [...itemsAt(call.state, place), tag]);
    return jsonAnswer(201, tag);
  }),
  inRepository("GET", "/refs/tags/*name", "repository", ({ state, params }, repository) => {
    const found = itemsAt(state, tagsOf(repository)).find(({ name }) => name === params["name"]);
    return found ? jsonAnswer(200, found) : notFoundAnswer();
  }),
  inRepository("DELETE", "/refs/tags/*name", "repository:write", ({ state, params }, repository) => {
    const tags = itemsAt(state, tagsOf(repository));
    const others = tags.filter(({ name }) => name !== params["name"]);
    state.items.set(tagsOf(repository), others);
    return others.length < tags.length ? noContent : notFoundAnswer();
  }),
];

/** Commits, and what they changed. */
export const commitRoutes: readonly ApiRoute[] = [
  inRepository("GET", "/commits", "repository", (call, repository) =>
    listCommits(call, repository, call.url.searchParams.getAll("include")),
  ),
  inRepository("GET", "/commits/*revision", "repository", (call, repository) =>
    listCommits(call, repository, [
      call.params["revision"] ?? "",
      ...call.url.searchParams.getAll("include"),
    ]),
  ),
  inRepository("GET", "/commit/:commit", "repository", (call, repository) => {
    const found = findCommit(call.state, repository, call.params["commit"] ?? "");
    return found ? jsonAnswer(200, commitResource(found, repository, call.url.origin)) : notFoundAnswer();
  }),
  inRepository("GET", "/commit/:commit/statuses", "repository", (call, repository) => {
    const builds = `${repositoryPath(repository)}/commit/${call.params["commit"]}/statuses/build`;
    return jsonAnswer(200, page(itemsAt(call.state, builds), call.url));
  }),
  ...(["diff", "patch"] as const).map((what) =>
    inRepository("GET", `/${what}/*spec`, "repository", (call, repository) => ({
      status: 200,
      headers: { "content-type": "text/plain" },
      body: diffText(repository),
    })),
  ),
  inRepository("GET", "/diffstat/*spec", "repository", ({ url }) =>
    jsonAnswer(
      200,
      page(
        [
          {
            type: "diffstat",
            status: "modified",
            lines_added: 1,
            lines_removed: 0,
            old: { type: "commit_file", path: "README.md" },
            new: { type: "commit_file", path: "README.md" },
          },
        ],
        url,
      ),
    ),
  ),
];

function tagsOf(repository: Repository): string {
  return `${repositoryPath(repository)}/refs/tags`;
}

function branch(call: InternalCall, repository: Repository, name: string): Resource {
  const commit = findCommit(call.state, repository, name);
  const path = `${repository.workspace}/${repository.slug}`;
  return {
    type: "branch",
    name,
    target: commit ? commitResource(commit, repository, call.url.origin) : null,
    default_merge_strategy: "merge_commit",
    merge_strategies: ["merge_commit", "squash", "fast_forward"],
    links: {
      self: { href: `${call.url.origin}/2.0/repositories/${path}/refs/branches/${name}` },
      html: { href: `https://bitbucket.org/${path}/branch/${name}` },
    },
  };
}

/** The commits that can be reached from some revisions (from every branch, if none is named) and not from those of `exclude`. */
function listCommits(call: InternalCall, repository: Repository, include: readonly string[]): Answer {
  const all = commitsOf(call.state, repository);
  const reachable = (revisions: readonly string[]): ReadonlySet<string> | undefined => {
    const starts = revisions.map((revision) => findCommit(call.state, repository, revision));
    const known = starts.filter((start) => start !== undefined);
    if (known.length < starts.length) return undefined;
    return new Set(known.flatMap((start) => history(call, repository, start)).map(({ hash }) => hash));
  };
  const included = include.length === 0 ? new Set(all.map(({ hash }) => hash)) : reachable(include);
  const excluded = reachable(call.url.searchParams.getAll("exclude"));
  if (included === undefined || excluded === undefined) return notFoundAnswer();
  const wanted = all.filter(({ hash }) => included.has(hash) && !excluded.has(hash));
  return commitPage(call, repository, wanted);
}

function history({ state }: InternalCall, repository: Repository, start: CommitItem): readonly CommitItem[] {
  const known = commitsOf(state, repository);
  const walked: CommitItem[] = [];
  let next: CommitItem | undefined = start;
  while (next) {
    walked.push(next);
    const [parent]: readonly string[] = next.parents;
    next = known.find(({ hash }) => hash === parent);
  }
  return walked;
}

function commitPage(call: InternalCall, repository: Repository, commits: readonly CommitItem[]): Answer {
  const listed = commits.map((commit) => commitResource(commit, repository, call.url.origin));
  const { size: _, ...body } = page(listed, call.url);
  // A list of commits has no size: it is not counted.
  return jsonAnswer(200, body);
}

function diffText({ slug }: Repository): string {
  return `diff --git a/README.md b/README.md
index 0000000..1111111 100644
--- a/README.md
+++ b/README.md
@@ -1 +1,2 @@
 # ${slug}
+One line more.
`;
}

/** Files and directories, as they are at a commit. */
export const sourceRoutes: readonly ApiRoute[] = [
  inRepository("GET", "/src", "repository", (call, repository) => {
    const { hash } = findCommit(call.state, repository, repository.mainBranch) ?? { hash: "" };
    const location = `${call.url.origin}/2.0${repositoryPath(repository)}/src/${hash}/`;
    return { status: 302, headers: { location }, body: "" };
  }),
  // What was written is told by `Location` alone.
  inRepository("POST", "/src", "repository:write", (call, repository) => {
    const sent: readonly (readonly [string, string])[] = [
      ...Object.entries(call.body).flatMap(([name, value]) =>
        typeof value === "string" ? [[name, toBase64(new TextEncoder().encode(value))] as const] : [],
      ),
      ...call.uploads,
    ];
    const fields = new Map(sent);
    const text = (name: string): string | undefined => {
      const base64 = fields.get(name);
      return base64 === undefined ? undefined : atob(base64);
    };
    const told = new Set(["message", "author", "branch", "parents", "files"]);
    const written = sent.filter(([name]) => !told.has(name));
    const removed = text("files")?.split("\n") ?? [];
    const commit = addCommit(call.state, repository, text("branch") ?? repository.mainBranch, {
      message: text("message") ?? "Edited online",
      author: text("author") ?? (call.user ? `${call.user.displayName} <${call.user.email}>` : "app_user"),
      date: call.now,
      changes: {
        ...Object.fromEntries(removed.map((path) => [path.replace(/^\//, ""), null])),
        ...Object.fromEntries(written.map(([path, content]) => [path.replace(/^\//, ""), content])),
      },
    });
    const location = `${call.url.origin}/2.0${repositoryPath(repository)}/commit/${commit.hash}`;
    return { status: 201, headers: { location }, body: "" };
  }),
  inRepository("GET", "/src/:commit/*path", "repository", readSource),
];

/** A file as its bytes, a directory as a list, either as its description with `format=meta`. */
function readSource(call: InternalCall, repository: Repository): Answer {
  const { commit: revision = "", path = "" } = call.params;
  const commit = findCommit(call.state, repository, revision);
  if (commit === undefined) return notFoundAnswer();
  const describe = (file: string, type: string): Resource => ({
    type,
    path: file,
    commit: { type: "commit", hash: commit.hash },
    ...(type === "commit_file" && { size: atob(commit.files[file] ?? "").length }),
    links: {
      self: { href: `${call.url.origin}/2.0${repositoryPath(repository)}/src/${commit.hash}/${file}` },
    },
  });
  const content = commit.files[path];
  if (content !== undefined) {
    if (call.url.searchParams.get("format") === "meta") return jsonAnswer(200, describe(path, "commit_file"));
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    return { status: 200, headers: { "content-type": contentTypeOf(path) }, body: bytes };
  }
  const prefix = path === "" ? "" : `${path.replace(/\/$/, "")}/`;
  const below = Object.keys(commit.files).filter((file) => file.startsWith(prefix));
  if (below.length === 0 && path !== "") return apiErrorAnswer(404, `No such file or directory: ${path}`);
  const directories = new Set(
    below.flatMap((file) => {
      const [first = "", ...rest] = file.slice(prefix.length).split("/");
      return rest.length > 0 ? [prefix + first] : [];
    }),
  );
  const files = below.filter((file) => !file.slice(prefix.length).includes("/"));
  return jsonAnswer(
    200,
    page(
      [
        ...[...directories].map((each) => describe(each, "commit_directory")),
        ...files.map((each) => describe(each, "commit_file")),
      ],
      call.url,
    ),
  );
}

function contentTypeOf(path: string): string {
  if (path.endsWith(".png")) return "image/png";
  return /\.(md|txt|json|ya?ml|[jt]s)$/.test(path) ? "text/plain" : "application/octet-stream";
}
