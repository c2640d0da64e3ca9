import { jsonAnswer, type Answer } from "./answer.js";
import { notFoundAnswer } from "./api-errors.js";
import {
  appUserResource,
  emailResource,
  pullRequestResource,
  repositoryResource,
  userResource,
  workspaceAccessResource,
  workspaceResource,
} from "./api-resources.js";
import type { GrantState, MockState } from "./mock-state.js";
import { page } from "./pagination.js";
import type { User } from "./seed.js";

/** What a route sees of a call that is allowed to be made. */
export interface ApiCall {
  readonly state: MockState;
  readonly grant: GrantState;
  /** `null` when the consumer acts as itself. */
  readonly user: User | null;
  readonly url: URL;
  /** The variable parts of the path, in order. */
  readonly parts: readonly string[];
}

/** One endpoint of the API. `scope` is what it requires of the token. */
export interface ApiRoute {
  readonly path: RegExp;
  readonly scope: string | null;
  answer(call: ApiCall): Answer;
}

const segment = "([^/]+)";
const at = (path: string): RegExp => new RegExp(`^/2\\.0${path.replaceAll("*", segment)}/?$`);

/** The endpoints the fake has. All of them are read only. */
export const apiRoutes: readonly ApiRoute[] = [
  {
    path: at("/user"),
    scope: "account",
    answer: ({ user, grant, url }) =>
      jsonAnswer(
        200,
        user ? userResource(user, url.origin) : appUserResource(grant.clientId, `{${grant.clientId}}`),
      ),
  },
  {
    path: at("/user/emails"),
    scope: "email",
    answer: ({ user, url }) => jsonAnswer(200, page(user ? [emailResource(user, url.origin)] : [], url)),
  },
  {
    path: at("/user/workspaces"),
    scope: "account",
    answer: ({ state, user, url }) => {
      const mine = state.workspaces.filter((workspace) => user && workspace.members.includes(user.username));
      return jsonAnswer(
        200,
        page(user ? mine.map((own) => workspaceAccessResource(own, user, url.origin)) : [], url),
      );
    },
  },
  {
    path: at("/workspaces/*"),
    scope: "account",
    answer: (call) => {
      const workspace = visibleWorkspace(call);
      return workspace ? jsonAnswer(200, workspaceResource(workspace, call.url.origin)) : notFoundAnswer();
    },
  },
  {
    path: at("/repositories/*"),
    scope: "repository",
    answer: (call) => {
      const { state, url } = call;
      const workspace = visibleWorkspace(call);
      if (workspace === undefined) return notFoundAnswer();
      const held = state.repositories.filter((repository) => repository.workspace === workspace.slug);
      return jsonAnswer(
        200,
        page(
          held.map((repository) => repositoryResource(repository, url.origin)),
          url,
        ),
      );
    },
  },
  {
    path: at("/repositories/*/*"),
    scope: "repository",
    answer: (call) => {
      const repository = visibleRepository(call);
      return repository ? jsonAnswer(200, repositoryResource(repository, call.url.origin)) : notFoundAnswer();
    },
  },
  {
    path: at("/repositories/*/*/pullrequests"),
    scope: "pullrequest",
    answer: (call) => {
      if (visibleRepository(call) === undefined) return notFoundAnswer();
      const states = call.url.searchParams.getAll("state");
      const wanted = new Set(states.length > 0 ? states : ["OPEN"]);
      const listed = pullRequests(call).filter((pullRequest) => wanted.has(pullRequest.state));
      return jsonAnswer(
        200,
        page(
          listed.map((one) => pullRequestResource(one, call.url.origin)),
          call.url,
        ),
      );
    },
  },
  {
    path: at("/repositories/*/*/pullrequests/*"),
    scope: "pullrequest",
    answer: (call) => {
      const found =
        visibleRepository(call) && pullRequests(call).find(({ id }) => String(id) === call.parts[2]);
      return found ? jsonAnswer(200, pullRequestResource(found, call.url.origin)) : notFoundAnswer();
    },
  },
];

/** What CHANGE-2770 removed: these looked across workspaces. */
export const removedPaths: readonly RegExp[] = [
  at("/workspaces"),
  at("/repositories"),
  at("/user/permissions/workspaces"),
  at("/user/permissions/repositories"),
];

type WorkspaceHolder = Pick<ApiCall, "state" | "user" | "parts">;

function visibleWorkspace({
  state,
  user,
  parts,
}: WorkspaceHolder): MockState["workspaces"][number] | undefined {
  return state.workspaces.find(
    ({ slug, uuid, members }) =>
      (slug === parts[0] || uuid === parts[0]) && (user === null || members.includes(user.username)),
  );
}

function visibleRepository(call: ApiCall): MockState["repositories"][number] | undefined {
  const workspace = visibleWorkspace(call);
  return call.state.repositories.find(
    (repository) =>
      repository.workspace === workspace?.slug &&
      (repository.slug === call.parts[1] || repository.uuid === call.parts[1]),
  );
}

function pullRequests(call: ApiCall): MockState["pullRequests"] {
  const repository = visibleRepository(call);
  return call.state.pullRequests.filter(
    (pullRequest) =>
      pullRequest.workspace === repository?.workspace && pullRequest.repository === repository.slug,
  );
}
