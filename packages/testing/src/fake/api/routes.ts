import { jsonAnswer, badRequestAnswer, notFoundAnswer, noContent, type Answer } from "../answers.js";
import { randomUuid } from "../secrets.js";
import { completeRepository, type Repository } from "../seed.js";
import {
  inRepository,
  isVisible,
  pathPattern,
  route,
  textOf,
  visibleRepository,
  visibleWorkspace,
  type ApiRoute,
  type InternalCall,
} from "./call.js";
import { actor, collectionRoutes, faultsOf } from "./collections.js";
import { itemsAt, repositoryPath } from "./content.js";
import { pullRequestRoutes } from "./pull-requests.js";
import { pipelineRoutes } from "./pipelines.js";
import { refRoutes, commitRoutes, sourceRoutes } from "./source.js";
import {
  accountResource,
  appUserResource,
  emailResources,
  page,
  projectResource,
  repositoryResource,
  userResource,
  workspaceAccessResource,
  workspaceResource,
  type Resource,
} from "./resources.js";

const accountRoutes: readonly ApiRoute[] = [
  {
    ...route("GET", "/user", "account", ({ user, caller, url }) =>
      jsonAnswer(
        200,
        user
          ? userResource(user, url.origin)
          : appUserResource(caller.clientId ?? "", `{${caller.clientId ?? ""}}`),
      ),
    ),
    needsUser: true,
  },
  {
    ...route("GET", "/user/emails", "email", ({ user, url }) =>
      jsonAnswer(200, page(user ? emailResources(user, url.origin) : [], url)),
    ),
    needsUser: true,
  },
  {
    ...route("GET", "/user/workspaces", "account", ({ state, user, url }) => {
      const mine = state.workspaces.filter((workspace) => user && workspace.members.includes(user.username));
      return jsonAnswer(
        200,
        page(user ? mine.map((own) => workspaceAccessResource(own, user, url.origin)) : [], url),
      );
    }),
    needsUser: true,
  },
  route("GET", "/users/:user", "account", ({ state, params, url }) => {
    const found = state.users.find(
      ({ uuid, accountId }) => uuid === params["user"] || accountId === params["user"],
    );
    return found ? jsonAnswer(200, accountResource(found, url.origin)) : notFoundAnswer();
  }),
];

const workspaceRoutes: readonly ApiRoute[] = [
  inWorkspace("GET", "", "account", (call, workspace) =>
    jsonAnswer(200, workspaceResource(workspace, call.url.origin)),
  ),
  inWorkspace("GET", "/members", "account", ({ state, url }, workspace) => {
    const members = state.users.filter(({ username }) => workspace.members.includes(username));
    const memberships = members.map((user) => ({
      type: "workspace_membership",
      user: accountResource(user, url.origin),
      workspace: { type: "workspace", slug: workspace.slug, uuid: workspace.uuid },
    }));
    return jsonAnswer(200, page(memberships, url));
  }),
  inWorkspace("GET", "/members/:member", "account", ({ state, params, url }, workspace) => {
    const user = state.users.find(
      ({ uuid, accountId, username }) =>
        (uuid === params["member"] || accountId === params["member"]) && workspace.members.includes(username),
    );
    if (user === undefined) return notFoundAnswer();
    return jsonAnswer(200, { type: "workspace_membership", user: accountResource(user, url.origin) });
  }),
  inWorkspace("GET", "/projects", "project", (call, { slug }) =>
    jsonAnswer(
      200,
      page(
        projectKeys(call, slug).map((key) => project(call, slug, key)),
        call.url,
      ),
    ),
  ),
  inWorkspace("POST", "/projects", "project:admin", (call, { slug }) => {
    const faults = faultsOf(call.body, { key: 128, name: 255 });
    const key = textOf(call.body, "key");
    if (key === undefined || Object.keys(faults).length > 0) return badRequestAnswer(faults);
    if (projectKeys(call, slug).includes(key))
      return badRequestAnswer({ key: ["Project with this Owner and Key already exists."] });
    const place = `/workspaces/${slug}/projects`;
    const made = { uuid: randomUuid(), owner: actor(call), ...call.body, created_on: call.now };
    call.state.items.set(place, [...itemsAt(call.state, place), made]);
    return jsonAnswer(201, project(call, slug, key));
  }),
  inWorkspace("GET", "/projects/:key", "project", (call, { slug }) => {
    const { key = "" } = call.params;
    return projectKeys(call, slug).includes(key)
      ? jsonAnswer(200, project(call, slug, key))
      : notFoundAnswer();
  }),
];

const repositoryRoutes: readonly ApiRoute[] = [
  route("GET", "/repositories/:workspace", "repository", (call) => {
    const { state, url } = call;
    const workspace = visibleWorkspace(call);
    if (workspace === undefined) return notFoundAnswer();
    const held = state.repositories.filter(
      (repository) => repository.workspace === workspace.slug && isVisible(call, repository),
    );
    return jsonAnswer(
      200,
      page(
        held.map((repository) => repositoryResource(repository, url.origin)),
        url,
      ),
    );
  }),
  inRepository("GET", "", "repository", ({ url }, repository) =>
    jsonAnswer(200, repositoryResource(repository, url.origin)),
  ),
  route("POST", "/repositories/:workspace/:repository", "repository:admin", (call) => {
    const workspace = visibleWorkspace(call);
    if (workspace === undefined) return notFoundAnswer();
    if (visibleRepository(call))
      return badRequestAnswer({ name: ["Repository with this Slug and Owner already exists."] });
    const { repository: slug = "" } = call.params;
    const seed = { workspace: workspace.slug, slug, createdOn: call.now, ...repositoryChanges(call) };
    const made = completeRepository(seed);
    call.state.repositories.push(made);
    return jsonAnswer(200, repositoryResource(made, call.url.origin));
  }),
  inRepository("PUT", "", "repository:admin", (call, repository) => {
    const changed = { ...repository, ...repositoryChanges(call) };
    call.state.repositories.splice(call.state.repositories.indexOf(repository), 1, changed);
    return jsonAnswer(200, repositoryResource(changed, call.url.origin));
  }),
  inRepository("DELETE", "", "repository:delete", ({ state }, repository) => {
    state.repositories.splice(state.repositories.indexOf(repository), 1);
    return noContent;
  }),
  inRepository("GET", "/default-reviewers", "pullrequest", (call, repository) =>
    jsonAnswer(200, page(itemsAt(call.state, `${repositoryPath(repository)}/default-reviewers`), call.url)),
  ),
];

/** Every endpoint of the fake's API. A test adds its own with `mock.route()`. */
export const apiRoutes: readonly ApiRoute[] = [
  ...accountRoutes,
  ...workspaceRoutes,
  ...repositoryRoutes,
  ...refRoutes,
  ...commitRoutes,
  ...sourceRoutes,
  ...pullRequestRoutes,
  ...pipelineRoutes,
  ...collectionRoutes,
];

/** What CHANGE-2770 removed: these looked across workspaces. */
export const removedPaths: readonly RegExp[] = [
  "/workspaces",
  "/repositories",
  "/user/permissions/workspaces",
  "/user/permissions/repositories",
].map((path) => pathPattern(`/2.0${path}`));

function inWorkspace(
  method: string,
  path: string,
  scope: string,
  answer: (call: InternalCall, workspace: InternalCall["state"]["workspaces"][number]) => Answer,
): ApiRoute {
  return route(method, `/workspaces/:workspace${path}`, scope, (call) => {
    const workspace = visibleWorkspace(call);
    return workspace ? answer(call, workspace) : notFoundAnswer();
  });
}

function projectKeys({ state }: InternalCall, workspace: string): readonly string[] {
  const made = itemsAt(state, `/workspaces/${workspace}/projects`).map(({ key }) => String(key));
  const named = state.repositories.filter((one) => one.workspace === workspace).map((one) => one.project);
  return [...new Set([...made, ...named])];
}

function project(call: InternalCall, workspace: string, key: string): Resource {
  const made = itemsAt(call.state, `/workspaces/${workspace}/projects`).find((one) => one["key"] === key);
  return projectResource(workspace, key, call.url.origin, { ...made });
}

function repositoryChanges({ body }: InternalCall): Partial<Repository> {
  const name = textOf(body, "name");
  const description = textOf(body, "description");
  const key = textOf(body, "project", "key");
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(key !== undefined && { project: key }),
    ...(typeof body["is_private"] === "boolean" && { private: body["is_private"] }),
  };
}
