import {
  noContent,
  jsonAnswer,
  type Answer,
  badRequestAnswer,
  apiErrorAnswer,
  notFoundAnswer,
} from "../answers.js";
import { completePullRequest, type PullRequest, type Repository } from "../seed.js";
import { inRepository, isRecord, textOf, type ApiRoute, type InternalCall } from "./call.js";
import { actor, faultsOf } from "./collections.js";
import { addCommit, branchesOf, findCommit, hashOf, itemsAt, repositoryPath } from "./content.js";
import { commitResource, page, pullRequestResource, type Resource } from "./resources.js";

const at = "/pullrequests/:id";

/** Pull requests: reading, opening, changing, approving, declining and merging them. */
export const pullRequestRoutes: readonly ApiRoute[] = [
  inRepository("GET", "/pullrequests", "pullrequest", (call, repository) => {
    const states = call.url.searchParams.getAll("state");
    const wanted = new Set(states.length > 0 ? states : ["OPEN"]);
    const listed = pullRequestsOf(call, repository).filter(({ state }) => wanted.has(state));
    return jsonAnswer(
      200,
      page(
        listed.map((one) => resource(call, repository, one)),
        call.url,
      ),
    );
  }),
  inRepository("POST", "/pullrequests", "pullrequest:write", open),
  withPullRequest("GET", at, "pullrequest", (call, repository, found) =>
    jsonAnswer(200, resource(call, repository, found)),
  ),
  withPullRequest("PUT", at, "pullrequest:write", (call, repository, found) =>
    change(call, repository, found, {
      title: textOf(call.body, "title") ?? found.title,
      description: textOf(call.body, "description") ?? found.description,
      destinationBranch: textOf(call.body, "destination", "branch", "name") ?? found.destinationBranch,
      reviewers: reviewersIn(call) ?? found.reviewers,
    }),
  ),
  withPullRequest("POST", `${at}/decline`, "pullrequest:write", (call, repository, found) =>
    found.state === "OPEN"
      ? change(call, repository, found, { state: "DECLINED" })
      : apiErrorAnswer(400, "This pull request is already closed."),
  ),
  withPullRequest("POST", `${at}/merge`, "pullrequest:write", merge),
  withPullRequest("GET", `${at}/merge/task-status/:task`, "pullrequest:write", (call, repository, found) =>
    jsonAnswer(200, {
      task_status: "SUCCESS",
      merge_result: resource(call, repository, found),
      links: { self: { href: call.url.href } },
    }),
  ),
  ...(["approve", "request-changes"] as const).flatMap((what) => [
    withPullRequest("POST", `${at}/${what}`, "pullrequest", (call, repository, found) =>
      participate(call, repository, found, what),
    ),
    withPullRequest("DELETE", `${at}/${what}`, "pullrequest", (call, repository, found) => {
      participate(call, repository, found, null);
      return noContent;
    }),
  ]),
  withPullRequest("GET", `${at}/commits`, "pullrequest", (call, repository, found) => {
    const commit = findCommit(call.state, repository, found.sourceBranch);
    const commits = commit ? [commitResource(commit, repository, call.url.origin)] : [];
    return jsonAnswer(200, page(commits, call.url));
  }),
  withPullRequest("GET", `${at}/activity`, "pullrequest", (call, repository, found) => {
    const participants = itemsAt(call.state, participantsAt(repository, found));
    const approvals = participants.filter(({ approved }) => approved === true);
    return jsonAnswer(
      200,
      page(
        approvals.map(({ user, participated_on: date }) => ({ approval: { user, date } })),
        call.url,
      ),
    );
  }),
  // As Bitbucket: to the diff of the two commits, in the form that the links of a pull request have.
  ...["diff", "diffstat", "patch"].map((what) =>
    withPullRequest("GET", `${at}/${what}`, "pullrequest", (call, repository, found) => {
      const { sourceHash, destinationHash } = hashesOf(call, repository, found);
      const path = `${repository.workspace}/${repository.slug}`;
      const spec = `${path}:${sourceHash.slice(0, 12)}%0D${destinationHash.slice(0, 12)}`;
      const query = `?from_pullrequest_id=${found.id}&topic=true`;
      const location = `${call.url.origin}/2.0/repositories/${path}/${what}/${spec}${query}`;
      return { status: 302, headers: { location }, body: "" };
    }),
  ),
  withPullRequest("GET", `${at}/statuses`, "pullrequest", (call, repository, found) => {
    const { sourceHash } = hashesOf(call, repository, found);
    const builds = itemsAt(call.state, `${repositoryPath(repository)}/commit/${sourceHash}/statuses/build`);
    return jsonAnswer(200, page(builds, call.url));
  }),
];

type PullRequestAnswer = (call: InternalCall, repository: Repository, found: PullRequest) => Answer;

function withPullRequest(method: string, path: string, scope: string, answer: PullRequestAnswer): ApiRoute {
  return inRepository(method, path, scope, (call, repository) => {
    const found = pullRequestsOf(call, repository).find(({ id }) => String(id) === call.params["id"]);
    return found ? answer(call, repository, found) : notFoundAnswer();
  });
}

function pullRequestsOf({ state }: InternalCall, { workspace, slug }: Repository): readonly PullRequest[] {
  return state.pullRequests.filter((one) => one.workspace === workspace && one.repository === slug);
}

function open(call: InternalCall, repository: Repository): Answer {
  const { body, state } = call;
  const sourceBranch = textOf(body, "source", "branch", "name");
  const faults = {
    ...faultsOf(body, { title: 255 }),
    ...(sourceBranch === undefined && { source: ["This field is required."] }),
  };
  if (sourceBranch === undefined || Object.keys(faults).length > 0) return badRequestAnswer(faults);
  if (!branchesOf(state, repository).has(sourceBranch))
    return apiErrorAnswer(400, `branch not found: ${sourceBranch}`);
  const id = Math.max(0, ...pullRequestsOf(call, repository).map((one) => one.id)) + 1;
  const made = completePullRequest(
    {
      workspace: repository.workspace,
      repository: repository.slug,
      id,
      title: textOf(body, "title") ?? "",
      description: textOf(body, "description") ?? "",
      author: call.user?.username ?? "app_user",
      sourceBranch,
      destinationBranch: textOf(body, "destination", "branch", "name") ?? repository.mainBranch,
      reviewers: reviewersIn(call) ?? [],
      createdOn: call.now,
    },
    state.users,
  );
  state.pullRequests.push(made);
  const answer = resource(call, repository, made);
  return jsonAnswer(201, answer, { location: `${call.url.origin}${call.url.pathname}/${id}` });
}

function change(
  call: InternalCall,
  repository: Repository,
  found: PullRequest,
  changes: Partial<PullRequest>,
): Answer {
  const changed = { ...found, ...changes, updatedOn: call.now };
  call.state.pullRequests.splice(call.state.pullRequests.indexOf(found), 1, changed);
  return jsonAnswer(200, resource(call, repository, changed));
}

/** With `?async=true` the answer is 202 and empty: where to ask is told by `Location` alone. */
function merge(call: InternalCall, repository: Repository, found: PullRequest): Answer {
  if (found.state !== "OPEN") return apiErrorAnswer(400, "This pull request is already closed.");
  const commit = addCommit(call.state, repository, found.destinationBranch, {
    message: textOf(call.body, "message") ?? `Merged in ${found.sourceBranch} (pull request #${found.id})`,
    author: call.user ? `${call.user.displayName} <${call.user.email}>` : "app_user",
    date: call.now,
    changes: findCommit(call.state, repository, found.sourceBranch)?.files ?? {},
  });
  const answer = change(call, repository, found, { state: "MERGED", mergeCommit: commit.hash });
  if (call.url.searchParams.get("async") !== "true") return answer;
  const task = hashOf(commit.hash).slice(0, 8);
  const location = `${call.url.origin}${call.url.pathname}/task-status/${task}`;
  return { status: 202, headers: { location }, body: "" };
}

function participate(
  call: InternalCall,
  repository: Repository,
  found: PullRequest,
  what: "approve" | "request-changes" | null,
): Answer {
  const place = participantsAt(repository, found);
  const user = actor(call);
  const states = { approve: "approved", "request-changes": "changes_requested" };
  const participant = {
    type: "participant",
    user,
    role: "PARTICIPANT",
    approved: what === "approve",
    state: what && states[what],
    participated_on: call.now,
  };
  const others = itemsAt(call.state, place).filter(
    (other) => !isRecord(other["user"]) || other["user"]["uuid"] !== user["uuid"],
  );
  call.state.items.set(place, what === null ? others : [...others, participant]);
  return jsonAnswer(200, participant);
}

function participantsAt(repository: Repository, { id }: PullRequest): string {
  return `${repositoryPath(repository)}/pullrequests/${id}/participants`;
}

function reviewersIn({ body, state }: InternalCall): readonly string[] | undefined {
  const { reviewers } = body;
  if (!Array.isArray(reviewers)) return undefined;
  const uuids = new Set(reviewers.map((one: unknown) => (isRecord(one) ? one["uuid"] : undefined)));
  return state.users.filter(({ uuid }) => uuids.has(uuid)).map(({ username }) => username);
}

function hashesOf(
  { state }: InternalCall,
  repository: Repository,
  found: PullRequest,
): { readonly sourceHash: string; readonly destinationHash: string } {
  const hashAt = (branch: string): string =>
    findCommit(state, repository, branch)?.hash ?? hashOf(`${repositoryPath(repository)} ${branch}`);
  return { sourceHash: hashAt(found.sourceBranch), destinationHash: hashAt(found.destinationBranch) };
}

function resource(call: InternalCall, repository: Repository, found: PullRequest): Resource {
  const participants = itemsAt(call.state, participantsAt(repository, found)).map((one) => ({ ...one }));
  const parts = { users: call.state.users, participants, ...hashesOf(call, repository, found) };
  return pullRequestResource(found, parts, call.url.origin);
}
