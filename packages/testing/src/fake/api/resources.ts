import type { PullRequest, Repository, User, Workspace } from "../seed.js";
import type { CommitItem } from "./content.js";

/** A body as the API sends it. */
export type Resource = Record<string, unknown>;

/** `GET /2.0/user`. */
export function userResource(user: User, origin: string): Resource {
  return {
    type: "user",
    username: user.username,
    display_name: user.displayName,
    nickname: user.username,
    uuid: user.uuid,
    account_id: user.accountId,
    account_status: "active",
    created_on: "2015-01-01T00:00:00.000000+00:00",
    is_staff: false,
    has_2fa_enabled: null,
    location: null,
    website: null,
    links: {
      self: { href: `${origin}/2.0/users/${encodeURIComponent(user.uuid)}` },
      html: { href: `https://bitbucket.org/${encodeURIComponent(user.uuid)}/` },
      avatar: { href: `https://secure.gravatar.com/avatar/${user.accountId.length}` },
    },
  };
}

/** A user inside another resource. */
export function accountResource(user: User, origin: string): Resource {
  const { type, display_name, nickname, uuid, account_id, links } = userResource(user, origin);
  return { type, display_name, nickname, uuid, account_id, links };
}

/** What client credentials act as: no user. */
export function appUserResource(clientId: string, uuid: string): Resource {
  return {
    type: "app_user",
    display_name: clientId,
    uuid,
    account_id: `app:${clientId}`,
    account_status: "active",
    kind: "oauth_consumer",
    links: {},
  };
}

/** The entries of `GET /2.0/user/emails`. */
export function emailResources(user: User, origin: string): readonly Resource[] {
  return [...user.otherEmails, user.email].map((email) => ({
    type: "email",
    email,
    is_primary: email === user.email,
    is_confirmed: true,
    links: { self: { href: `${origin}/2.0/user/emails/${encodeURIComponent(email)}` } },
  }));
}

/** An entry of `GET /2.0/user/workspaces`: the workspace sits one level down. */
export function workspaceAccessResource(workspace: Workspace, user: User, origin: string): Resource {
  return {
    type: "workspace_access",
    administrator: workspace.members[0] === user.username,
    workspace: {
      type: "workspace_base",
      uuid: workspace.uuid,
      slug: workspace.slug,
      links: { self: { href: `${origin}/2.0/workspaces/${workspace.slug}` } },
    },
  };
}

/** A workspace, as the API describes it. */
export function workspaceResource(workspace: Workspace, origin: string): Resource {
  return {
    type: "workspace",
    uuid: workspace.uuid,
    slug: workspace.slug,
    name: workspace.name,
    is_private: true,
    links: {
      self: { href: `${origin}/2.0/workspaces/${workspace.slug}` },
      html: { href: `https://bitbucket.org/${workspace.slug}/` },
    },
  };
}

/** `GET /2.0/workspaces/{workspace}/projects/{key}`, also for a project that only repositories name. */
export function projectResource(
  workspace: string,
  key: string,
  origin: string,
  kept: Resource = {},
): Resource {
  return {
    type: "project",
    key,
    name: key,
    description: "",
    is_private: true,
    uuid: `{${workspace}-${key}}`.toLowerCase(),
    ...kept,
    links: {
      self: { href: `${origin}/2.0/workspaces/${workspace}/projects/${key}` },
      html: { href: `https://bitbucket.org/${workspace}/workspace/projects/${key}` },
    },
  };
}

/** A repository, as the API describes it. */
export function repositoryResource(repository: Repository, origin: string): Resource {
  const { workspace, slug, project } = repository;
  const fullName = `${workspace}/${slug}`;
  return {
    type: "repository",
    uuid: repository.uuid,
    name: repository.name,
    slug,
    full_name: fullName,
    is_private: repository.private,
    description: repository.description,
    scm: "git",
    size: 4_096,
    language: "",
    has_issues: true,
    has_wiki: false,
    fork_policy: "no_public_forks",
    created_on: repository.createdOn,
    updated_on: repository.createdOn,
    mainbranch: { type: "branch", name: repository.mainBranch },
    workspace: { type: "workspace", slug: workspace },
    project: { type: "project", key: project, name: project },
    links: {
      self: { href: `${origin}/2.0/repositories/${fullName}` },
      html: { href: `https://bitbucket.org/${fullName}` },
      clone: [
        { name: "https", href: `https://bitbucket.org/${fullName}.git` },
        { name: "ssh", href: `git@bitbucket.org:${fullName}.git` },
      ],
    },
  };
}

/** `GET …/commit/{hash}`. */
export function commitResource(commit: CommitItem, repository: Repository, origin: string): Resource {
  const path = `${repository.workspace}/${repository.slug}`;
  const { hash, message, date, author, parents } = commit;
  return {
    type: "commit",
    hash,
    date,
    message,
    author: { type: "author", raw: author },
    summary: { type: "rendered", raw: message, markup: "markdown", html: `<p>${message.trim()}</p>` },
    parents: parents.map((parent) => ({ type: "commit", hash: parent })),
    repository: { type: "repository", full_name: path, name: repository.name, uuid: repository.uuid },
    links: {
      self: { href: `${origin}/2.0/repositories/${path}/commit/${hash}` },
      html: { href: `https://bitbucket.org/${path}/commits/${hash}` },
      diff: { href: `${origin}/2.0/repositories/${path}/diff/${hash}` },
    },
  };
}

/** What a pull request shows beside its own data: its users, and the hashes its branches stand at. */
export interface PullRequestParts {
  readonly users: readonly User[];
  readonly sourceHash: string;
  readonly destinationHash: string;
  readonly participants?: readonly Resource[];
}

/** `GET …/pullrequests/{id}`. */
export function pullRequestResource(
  pullRequest: PullRequest,
  { users, sourceHash, destinationHash, participants = [] }: PullRequestParts,
  origin: string,
): Resource {
  const { workspace, repository, id } = pullRequest;
  const fullName = `${workspace}/${repository}`;
  const self = `${origin}/2.0/repositories/${fullName}/pullrequests/${id}`;
  const source = sourceHash.slice(0, 12);
  const destination = destinationHash.slice(0, 12);
  const account = (username: string): Resource => {
    const user = users.find((known) => known.username === username);
    return user
      ? accountResource(user, origin)
      : { type: "user", nickname: username, display_name: username };
  };
  const side = (branch: string, hash: string): Resource => ({
    branch: { name: branch },
    commit: { type: "commit", hash },
    repository: { type: "repository", full_name: fullName, name: repository },
  });
  return {
    type: "pullrequest",
    id,
    title: pullRequest.title,
    description: pullRequest.description,
    summary: { type: "rendered", raw: pullRequest.description, markup: "markdown", html: "" },
    state: pullRequest.state,
    draft: false,
    author: account(pullRequest.author),
    source: side(pullRequest.sourceBranch, source),
    destination: side(pullRequest.destinationBranch, destination),
    reviewers: pullRequest.reviewers.map(account),
    participants,
    merge_commit:
      pullRequest.mergeCommit === null
        ? null
        : { type: "commit", hash: pullRequest.mergeCommit.slice(0, 12) },
    close_source_branch: false,
    closed_by: null,
    reason: "",
    comment_count: 0,
    task_count: 0,
    created_on: pullRequest.createdOn,
    updated_on: pullRequest.updatedOn,
    links: {
      self: { href: self },
      html: { href: `https://bitbucket.org/${fullName}/pull-requests/${id}` },
      commits: { href: `${self}/commits` },
      comments: { href: `${self}/comments` },
      approve: { href: `${self}/approve` },
      merge: { href: `${self}/merge` },
      decline: { href: `${self}/decline` },
      statuses: { href: `${self}/statuses` },
      // As Bitbucket writes it: an encoded carriage return between the two commits.
      diff: {
        href: `${origin}/2.0/repositories/${fullName}/diff/${fullName}:${source}%0D${destination}?from_pullrequest_id=${id}&topic=true`,
      },
      diffstat: {
        href: `${origin}/2.0/repositories/${fullName}/diffstat/${fullName}:${source}%0D${destination}?from_pullrequest_id=${id}&topic=true`,
      },
    },
  };
}

const defaultPageLength = 10;

/**
 * One page of a list in Bitbucket's envelope. `next` and `previous` keep the other query parameters. Some lists, as of
 * pipelines and variables, never say `next`: their clients have to count.
 */
export function page(items: readonly unknown[], url: URL, saysNext = true): Resource {
  const pagelen = positiveInteger(url.searchParams.get("pagelen")) ?? defaultPageLength;
  const number = positiveInteger(url.searchParams.get("page")) ?? 1;
  const end = number * pagelen;
  return {
    values: items.slice(end - pagelen, end),
    pagelen,
    size: items.length,
    page: number,
    ...(saysNext && end < items.length && { next: atPage(url, number + 1) }),
    ...(saysNext && number > 1 && { previous: atPage(url, number - 1) }),
  };
}

function atPage(url: URL, number: number): string {
  const other = new URL(url);
  other.searchParams.set("page", String(number));
  return other.href;
}

function positiveInteger(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,6}$/.test(text) ? Number(text) : null;
}
