import type { PullRequest, Repository, User, Workspace } from "./seed.js";

/** `GET /2.0/user`. */
export function userResource(user: User, origin: string): Record<string, unknown> {
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

/** What client credentials act as: not a person. */
export function appUserResource(clientId: string, uuid: string): Record<string, unknown> {
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

export function emailResource(user: User, origin: string): Record<string, unknown> {
  return {
    type: "email",
    email: user.email,
    is_primary: true,
    is_confirmed: true,
    links: { self: { href: `${origin}/2.0/user/emails/${encodeURIComponent(user.email)}` } },
  };
}

/** An entry of `GET /2.0/user/workspaces`: the workspace sits one level down. */
export function workspaceAccessResource(
  workspace: Workspace,
  user: User,
  origin: string,
): Record<string, unknown> {
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

export function workspaceResource(workspace: Workspace, origin: string): Record<string, unknown> {
  return {
    type: "workspace",
    uuid: workspace.uuid,
    slug: workspace.slug,
    name: workspace.name,
    is_private: true,
    links: { self: { href: `${origin}/2.0/workspaces/${workspace.slug}` } },
  };
}

export function repositoryResource(repository: Repository, origin: string): Record<string, unknown> {
  const fullName = `${repository.workspace}/${repository.slug}`;
  return {
    type: "repository",
    uuid: repository.uuid,
    name: repository.name,
    slug: repository.slug,
    full_name: fullName,
    is_private: repository.private,
    description: repository.description,
    scm: "git",
    mainbranch: { type: "branch", name: "main" },
    workspace: { type: "workspace", slug: repository.workspace },
    links: {
      self: { href: `${origin}/2.0/repositories/${fullName}` },
      html: { href: `https://bitbucket.org/${fullName}` },
    },
  };
}

export function pullRequestResource(pullRequest: PullRequest, origin: string): Record<string, unknown> {
  const fullName = `${pullRequest.workspace}/${pullRequest.repository}`;
  return {
    type: "pullrequest",
    id: pullRequest.id,
    title: pullRequest.title,
    state: pullRequest.state,
    author: { type: "user", nickname: pullRequest.author },
    source: { branch: { name: pullRequest.sourceBranch } },
    destination: { branch: { name: pullRequest.destinationBranch } },
    links: { self: { href: `${origin}/2.0/repositories/${fullName}/pullrequests/${pullRequest.id}` } },
  };
}
