import { createRequire } from "node:module";
import type { MethodArguments } from "../src/index.ts";

/** A method of the plain package, by group. */
export interface GeneratedCall {
  readonly group: string;
  readonly method: string;
  /** One for each parameter of its source, the callback left out. */
  readonly args: readonly unknown[];
}

interface PlainGroup {
  readonly createApi: (api: object, options: object) => Record<string, (...args: unknown[]) => unknown>;
  readonly methods: readonly string[];
}

const { $api } = createRequire(import.meta.url)("bitbucket-api-v2");

/** What each parameter of the package is given, by the name it has in its source. */
const values: Readonly<Record<string, unknown>> = {
  username: "acme",
  teamname: "acme",
  owner: "acme",
  repo: { name: "My Website!", is_private: true },
  repoSlug: "website",
  role: "member",
  node: "c0ffee",
  sha: "c0ffee",
  revision: "c0ffee",
  key: "build-1",
  kind: "push",
  state: ["OPEN", "MERGED"],
  number: 8,
  path: "shot.png",
  reviewerName: "bob",
  subjectType: "repository",
  emailAddr: "a+b@example.com",
  files: { "nöte.txt": "héllo" },
  file: { files: new File(["zip"], "ä.zip") },
  attachments: { "shot.png": new Blob(["png"], { type: "image/png" }) },
  response: {
    links: { forks: { href: "https://api.bitbucket.org/2.0/repositories/acme/website/forks?page=2" } },
    parent: { links: { self: { href: "https://api.bitbucket.org/2.0/repositories/other/website" } } },
  },
};
const formMethods = new Set(["repositories.commit", "snippets.createWithMeta", "snippets.updateSnippetFor"]);

function argumentFor(call: string, parameter: string): unknown {
  if (formMethods.has(call) && /^(params|data|snippet)$/.test(parameter))
    return { title: "Tïtle", files: { "a.txt": "ä" } };
  if (parameter in values) return values[parameter];
  return /id$/i.test(parameter) ? 7 : { title: "Tïtle" };
}

/** Every method of every group that the package lists and has, and those it has and forgot to list. */
export function everyGeneratedCall(): GeneratedCall[] {
  return everyGroup().flatMap(({ group, plain }) => {
    const methods = plain.createApi({}, {});
    const names = new Set([
      ...plain.methods,
      ...Object.keys(methods).filter((name) => isUnlisted(name, methods)),
    ]);
    return [...names]
      .filter((method) => typeof methods[method] === "function" && method !== "hasParent")
      .map((method) => ({
        group,
        method,
        args: parametersOf(methods[method]).map((parameter) => argumentFor(`${group}.${method}`, parameter)),
      }));
  });
}

/** Names that the package lists and does not have. */
export function listedAndAbsent(): string[] {
  return everyGroup().flatMap(({ group, plain }) => {
    const methods = plain.createApi({}, {});
    return plain.methods.filter((name) => !(name in methods)).map((name) => `${group}.${name}`);
  });
}

function everyGroup(): { group: string; plain: PlainGroup }[] {
  const { repos, ...others } = $api;
  return Object.entries<PlainGroup>({ ...repos, ...others }).map(([group, plain]) => ({ group, plain }));
}

function isUnlisted(name: string, methods: Record<string, (...args: unknown[]) => unknown>): boolean {
  return name === "getPullRequests" || name === "getSnippetCommitsFor" ? name in methods : false;
}

function parametersOf(method: ((...args: unknown[]) => unknown) | undefined): string[] {
  const [, list = ""] = /^\w+\(([^)]*)\)/.exec(String(method)) ?? [];
  return list
    .split(",")
    .map((parameter) => parameter.split("=", 1)[0]?.trim() ?? "")
    .filter((name) => name !== "" && name !== "callback");
}

type MethodName = {
  [Group in keyof MethodArguments]: `${Group}.${keyof MethodArguments[Group] & string}`;
}[keyof MethodArguments];

/** What each method sends, as the package documents it. The type asks for every method that is described, and no other. */
export const expectedCalls: Readonly<Record<MethodName, string>> = {
  "repositories.create":
    'POST /2.0/repositories/acme/my-website json:{"name":"My Website!","is_private":true}',
  "repositories.createPullRequest": 'POST /2.0/repositories/acme/website/pullrequests json:{"title":"Tïtle"}',
  "repositories.get": "GET /2.0/repositories/acme/website",
  "repositories.commit": "POST /2.0/repositories/acme/website/src form:title=Tïtle&file=@a.txt:ä",
  "repositories.getBranches": "GET /2.0/repositories/acme/website/refs/branches",
  "repositories.getCommit": "GET /2.0/repositories/acme/website/commit/c0ffee",
  "repositories.getByUser": "GET /2.0/repositories/acme",
  "repositories.getByTeam": "GET /2.0/repositories/acme",
  "repositories.getForks": "GET /2.0/repositories/acme/website/forks",
  "repositories.getForksFromResponse": "GET /2.0/repositories/acme/website/forks?page=2",
  "repositories.getParentFromResponse": "GET /2.0/repositories/other/website",
  "repositories.getPullRequests": "GET /2.0/repositories/acme/website/pullrequests?state=OPEN%2CMERGED",
  "branchRestrictions.get": "GET /2.0/repositories/acme/website/branch-restrictions",
  "branchRestrictions.create": 'POST /2.0/repositories/acme/website/branch-restrictions json:{"kind":"push"}',
  "branchRestrictions.getRestriction": "GET /2.0/repositories/acme/website/branch-restrictions/7",
  "branchRestrictions.updateRestriction":
    'PUT /2.0/repositories/acme/website/branch-restrictions/7 json:{"title":"Tïtle"}',
  "branchRestrictions.removeRestriction": "DELETE /2.0/repositories/acme/website/branch-restrictions/7",
  "commits.getAll": "GET /2.0/repositories/acme/website",
  "commit.approve": "POST /2.0/repositories/acme/website/c0ffee/approve json:{}",
  "commit.disApprove": "DELETE /2.0/repositories/acme/website/c0ffee/approve",
  "commit.getBuildStatuses": "GET /2.0/repositories/acme/website/c0ffee/statuses",
  "commit.createBuild": "POST /2.0/repositories/acme/website/c0ffee/statuses/build json:{}",
  "commit.getBuildStatus": "GET /2.0/repositories/acme/website/c0ffee/statuses/build/build-1",
  "commit.getComments": "GET /2.0/repositories/acme/website/commit/c0ffee/comments",
  "commit.getComment": "GET /2.0/repositories/acme/website/commit/c0ffee/comments/7",
  "downloads.getAll": "GET /2.0/repositories/acme/website/downloads",
  "downloads.upload": "POST /2.0/repositories/acme/website/downloads form:files=@ä.zip:zip",
  "forks.getAll": "GET /2.0/repositories/acme/website/forks",
  "hooks.getAll": "GET /2.0/repositories/acme/website/hooks",
  "hooks.create": "POST /2.0/repositories/acme/website/hooks json:{}",
  "issues.getAll": "GET /2.0/repositories/acme/website/issues",
  "issues.create": "POST /2.0/repositories/acme/website/issues json:{}",
  "issues.get": "GET /2.0/repositories/acme/website/7",
  "issues.remove": "DELETE /2.0/repositories/acme/website/7",
  "issues.getAttachments": "GET /2.0/repositories/acme/website/7/attachments",
  "issues.getAttachment": "GET /2.0/repositories/acme/website/7/attachments/$%7Bpath%7D",
  "issues.uploadAttachments": "POST /2.0/repositories/acme/website/7/attachments form:shot.png=@shot.png:png",
  "issues.getComments": "GET /2.0/repositories/acme/website/7/comments",
  "issues.getComment": "GET /2.0/repositories/acme/website/7/comments/$%7BcommentId%7D",
  "issues.hasVoted": "GET /2.0/repositories/acme/website/7/vote",
  "issues.vote": "PUT /2.0/repositories/acme/website/7/vote",
  "issues.retractVote": "DELETE /2.0/repositories/acme/website/7/vote",
  "issues.isWatched": "GET /2.0/repositories/acme/website/7/watch",
  "issues.watch": "PUT /2.0/repositories/acme/website/7/watch",
  "issues.stopWatch": "DELETE /2.0/repositories/acme/website/7/watch",
  "milestones.getAll": "GET /2.0/repositories/acme/website/milestones",
  "milestones.get": "GET /2.0/repositories/acme/website/milestones/7",
  "pipelinesConfig.get": "GET /2.0/repositories/acme/website/pipelines_config",
  "pipelinesConfig.update": 'PUT /2.0/repositories/acme/website/pipelines_config json:{"title":"Tïtle"}',
  "pipelinesConfig.nextBuildNumber":
    "PUT /2.0/repositories/acme/website/pipelines_config/build_number json:8",
  "pipelinesConfig.getSchedules": "GET /2.0/repositories/acme/website/pipelines_config/schedules",
  "pipelinesConfig.createSchedule":
    'POST /2.0/repositories/acme/website/pipelines_config/schedules json:{"title":"Tïtle"}',
  "pipelinesConfig.getSchedule": "GET /2.0/repositories/acme/website/pipelines_config/schedules/7",
  "pipelinesConfig.getScheduleExecutions":
    "GET /2.0/repositories/acme/website/pipelines_config/schedules/7/executions",
  "pipelinesConfig.updateSchedule": "PUT /2.0/repositories/acme/website/pipelines_config/schedules/7",
  "pipelinesConfig.deleteSchedule": "DELETE /2.0/repositories/acme/website/pipelines_config/schedules/7",
  "pipelines.get": "GET /2.0/repositories/acme/website/7",
  "pipelines.getAll": "GET /2.0/repositories/acme/website/pipelines",
  "pipelines.create": "POST /2.0/repositories/acme/website/pipelines json:{}",
  "pipelines.stop": "POST /2.0/repositories/acme/website/7/stopPipeline json:{}",
  "pipelines.getSteps": "GET /2.0/repositories/acme/website/7/steps",
  "pipelines.getStep": "GET /2.0/repositories/acme/website/pipelines/7/steps/7",
  "pipelines.getStepLog": "GET /2.0/repositories/acme/website/7/steps/7/log",
  "pullRequests.getAll": "GET /2.0/repositories/acme/website/pullrequests",
  "pullRequests.create": 'POST /2.0/repositories/acme/website/pullrequests json:{"title":"Tïtle"}',
  "pullRequests.allActivity": "GET /2.0/repositories/acme/website/pullrequests/activity",
  "pullRequests.getActivity": "GET /2.0/repositories/acme/website/pullrequests/7/activity",
  "pullRequests.approve": "POST /2.0/repositories/acme/website/pullrequests/7/approve json:{}",
  "pullRequests.disApprove": "DELETE /2.0/repositories/acme/website/pullrequests/7/approve",
  "pullRequests.getComments": "GET /2.0/repositories/acme/website/pullrequests/7/comments",
  "pullRequests.getComment": "GET /2.0/repositories/acme/website/pullrequests/7/comments/7",
  "pullRequests.getCommits": "GET /2.0/repositories/acme/website/pullrequests/7/commits",
  "pullRequests.decline": "POST /2.0/repositories/acme/website/pullrequests/7/decline json:{}",
  "pullRequests.getDiff": "GET /2.0/repositories/acme/website/pullrequests/7/diff",
  "pullRequests.merge": "POST /2.0/repositories/acme/website/pullrequests/7/merge json:{}",
  "pullRequests.patch": "POST /2.0/repositories/acme/website/pullrequests/7/patch json:{}",
  "pullRequests.statuses": "GET /2.0/repositories/acme/website/pullrequests/7/statuses",
  "refs.getAll": "GET /2.0/repositories/acme/website/refs",
  "reviewers.getAll": "GET /2.0/repositories/acme/website/default-reviewers",
  "reviewers.get": "GET /2.0/repositories/acme/website/default-reviewers/bob",
  "reviewers.addReviewer": 'PUT /2.0/repositories/acme/website/default-reviewers/bob json:{"title":"Tïtle"}',
  "reviewers.removeReviewer": "DELETE /2.0/repositories/acme/website/default-reviewers/bob",
  "versions.getAll": "GET /2.0/repositories/acme/website/versions",
  "versions.get": "GET /2.0/repositories/acme/website/versions/7",
  "teams.get": "GET /2.0/teams?role=member",
  "teams.getProjects": "GET /2.0/teams/acme/projects",
  "teams.addProject": 'POST /2.0/teams/acme/projects json:{"title":"Tïtle"}',
  "teams.getProject": "GET /2.0/teams/acme/projects/7",
  "teams.updateProject": 'PUT /2.0/teams/acme/projects/7 json:{"title":"Tïtle"}',
  "teams.removeProject": "DELETE /2.0/teams/acme/projects/7",
  "teams.getUserInfo": "GET /2.0/teams/acme",
  "user.get": "GET /2.0/user",
  "user.getEmails": "GET /2.0/user/emails",
  "user.getEmailDetails": "GET /2.0/user/emails/a+b@example.com",
  "users.get": "GET /2.0/users/acme",
  "users.getFollowers": "GET /2.0/users/acme/followers",
  "users.getFollowing": "GET /2.0/users/acme/following",
  "users.getWebHooks": "GET /2.0/users/acme/hooks",
  "users.getWebHook": "GET /2.0/users/acme/hooks/7",
  "users.removeWebHook": "DELETE /2.0/users/acme/hooks/7",
  "users.updateWebHook": 'PUT /2.0/users/acme/hooks/7 json:{"title":"Tïtle"}',
  "users.getPipelineConfigVars": "GET /2.0/users/acme/pipelines_config/variables",
  "users.getPipelineConfigVar": "GET /2.0/users/acme/pipelines_config/variables/7",
  "users.removePipelineConfigVar": "DELETE /2.0/users/acme/pipelines_config/variables/7",
  "users.updatePipelineConfigVar": 'PUT /2.0/users/acme/pipelines_config/variables/7 json:{"title":"Tïtle"}',
  "users.getRepositories": "GET /2.0/users/acme/repositories",
  "addon.remove": "DELETE /2.0/addon",
  "addon.update": 'PUT /2.0/addon json:{"title":"Tïtle"}',
  "hookEvents.get": "GET /2.0/hook_events",
  "hookEvents.forSubject": "GET /2.0/hook_events/repository",
  "snippets.get": "GET /2.0/snippets",
  "snippets.create": "POST /2.0/snippets form:file=@nöte.txt:héllo",
  "snippets.createWithMeta": 'POST /2.0/snippets related:{"title":"Tïtle","files":{"a.txt":{}}}',
  "snippets.getFor": "GET /2.0/snippets/acme",
  "snippets.createSnippetFor": 'POST /2.0/snippets/acme json:{"title":"Tïtle"}',
  "snippets.getSnippetFor": "GET /2.0/snippets/acme/7",
  "snippets.updateSnippetFor": "PUT /2.0/snippets/acme/7 form:title=Tïtle&file=@a.txt:ä",
  "snippets.removeSnippetFor": "DELETE /2.0/snippets/acme/7",
  "snippets.getSnippetCommentsFor": "GET /2.0/snippets/acme/7/comments",
  "snippets.addSnippetCommentFor": 'POST /2.0/snippets/acme/7/comments json:{"title":"Tïtle"}',
  "snippets.isSnippetWatchedFor": "GET /2.0/snippets/acme/7/watch",
  "snippets.watchSnippetFor": "PUT /2.0/snippets/acme/7/watch",
  "snippets.stopWatchingSnippetFor": "DELETE /2.0/snippets/acme/7/watch",
  "snippets.getSnippetWatchersFor": "GET /2.0/snippets/acme/7/watchers",
  "snippets.getSnippetCommitsFor": "GET /2.0/snippets/acme/7/commits",
};
