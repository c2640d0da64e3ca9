/** Whose repository, and which. @inline */
type Repository = [workspace: string, repository: string];
/** An answer with links in it, as an earlier call gave it. */
type EarlierAnswer = Readonly<Record<string, unknown>>;
/** Field names and what they hold. A `Blob`, bytes or a nested map of file names stands for files. */
type Form = Readonly<Record<string, unknown>>;

/**
 * The methods of `bitbucket-api-v2` 0.6, by group, with their arguments and without the callback. What they are called in
 * that package is kept, `disApprove` and all.
 */
export interface MethodArguments {
  readonly addon: { remove: []; update: [addon: object] };
  readonly branchRestrictions: {
    get: Repository;
    create: [...Repository, kind: string];
    getRestriction: [...Repository, id: string | number];
    updateRestriction: [...Repository, id: string | number, restriction: object];
    removeRestriction: [...Repository, id: string | number];
  };
  readonly commit: {
    approve: [...Repository, node: string];
    disApprove: [...Repository, node: string];
    getBuildStatuses: [...Repository, node: string];
    createBuild: [...Repository, node: string];
    getBuildStatus: [...Repository, node: string, key: string];
    getComments: [...Repository, sha: string];
    getComment: [...Repository, sha: string, commentId: string | number];
  };
  readonly commits: { getAll: Repository };
  readonly downloads: { getAll: Repository; upload: [...Repository, file: Form] };
  readonly forks: { getAll: Repository };
  readonly hookEvents: { get: []; forSubject: [subjectType: string] };
  readonly hooks: { getAll: Repository; create: Repository };
  readonly issues: {
    create: Repository;
    getAll: Repository;
    get: [...Repository, issueId: string | number];
    remove: [...Repository, issueId: string | number];
    getAttachments: [...Repository, issueId: string | number];
    getAttachment: [...Repository, issueId: string | number, path: string];
    uploadAttachments: [...Repository, issueId: string | number, attachments: Form];
    getComments: [...Repository, issueId: string | number];
    getComment: [...Repository, issueId: string | number, commentId: string | number];
    hasVoted: [...Repository, issueId: string | number];
    vote: [...Repository, issueId: string | number];
    retractVote: [...Repository, issueId: string | number];
    isWatched: [...Repository, issueId: string | number];
    watch: [...Repository, issueId: string | number];
    stopWatch: [...Repository, issueId: string | number];
  };
  readonly milestones: { getAll: Repository; get: [...Repository, milestoneId: string | number] };
  readonly pipelines: {
    create: Repository;
    getAll: Repository;
    get: [...Repository, pipelineId: string];
    stop: [...Repository, pipelineId: string];
    getSteps: [...Repository, pipelineId: string];
    getStep: [...Repository, pipelineId: string, stepId: string];
    getStepLog: [...Repository, pipelineId: string, stepId: string];
  };
  readonly pipelinesConfig: {
    get: Repository;
    update: [...Repository, config: object];
    nextBuildNumber: [...Repository, number: number | object];
    getSchedules: Repository;
    createSchedule: [...Repository, schedule: object];
    getSchedule: [...Repository, scheduleId: string];
    getScheduleExecutions: [...Repository, scheduleId: string];
    updateSchedule: [...Repository, scheduleId: string];
    deleteSchedule: [...Repository, scheduleId: string];
  };
  readonly pullRequests: {
    getAll: Repository;
    create: [...Repository, pullRequest: object];
    allActivity: Repository;
    getActivity: [...Repository, id: string | number];
    approve: [...Repository, id: string | number];
    disApprove: [...Repository, id: string | number];
    getComments: [...Repository, id: string | number];
    getComment: [...Repository, id: string | number, commentId: string | number];
    getCommits: [...Repository, id: string | number];
    decline: [...Repository, id: string | number];
    getDiff: [...Repository, id: string | number];
    merge: [...Repository, id: string | number];
    patch: [...Repository, id: string | number];
    statuses: [...Repository, id: string | number];
  };
  readonly refs: { getAll: Repository };
  readonly repositories: {
    create: [workspace: string, repository: string | object];
    createPullRequest: [...Repository, pullRequest: object];
    get: Repository;
    commit: [...Repository, files: Form];
    getBranches: Repository;
    getCommit: [...Repository, revision: string];
    getPullRequests: [...Repository, state: string | readonly string[]];
    getByUser: [workspace: string];
    getByTeam: [workspace: string];
    getForks: Repository;
    getForksFromResponse: [repository: EarlierAnswer];
    getParentFromResponse: [repository: EarlierAnswer];
  };
  readonly reviewers: {
    getAll: Repository;
    get: [...Repository, reviewer: string];
    addReviewer: [...Repository, reviewer: string, data: object];
    removeReviewer: [...Repository, reviewer: string];
  };
  readonly snippets: {
    get: [];
    create: [files: Form];
    createWithMeta: [snippet: Form];
    getFor: [workspace: string];
    createSnippetFor: [workspace: string, snippet: object];
    getSnippetFor: [workspace: string, id: string];
    updateSnippetFor: [workspace: string, id: string, snippet: Form];
    removeSnippetFor: [workspace: string, id: string];
    getSnippetCommentsFor: [workspace: string, id: string];
    addSnippetCommentFor: [workspace: string, id: string, comment: object];
    getSnippetCommitsFor: [workspace: string, id: string];
    isSnippetWatchedFor: [workspace: string, id: string];
    watchSnippetFor: [workspace: string, id: string];
    stopWatchingSnippetFor: [workspace: string, id: string];
    getSnippetWatchersFor: [workspace: string, id: string];
  };
  /** Bitbucket has removed teams: every call here rejects, naming the replacement. */
  readonly teams: {
    get: [role: string];
    getProjects: [owner: string];
    addProject: [owner: string, project: object];
    getProject: [owner: string, key: string];
    updateProject: [owner: string, key: string, project: object];
    removeProject: [owner: string, key: string];
    getUserInfo: [name: string];
  };
  readonly user: { get: []; getEmails: []; getEmailDetails: [email: string] };
  /** Bitbucket no longer knows users by name; a `uuid` works in `get`. */
  readonly users: {
    get: [user: string];
    getFollowers: [user: string];
    getFollowing: [user: string];
    getWebHooks: [user: string];
    getWebHook: [user: string, hookId: string];
    removeWebHook: [user: string, hookId: string];
    updateWebHook: [user: string, hookId: string, hook: object];
    getPipelineConfigVars: [user: string];
    getPipelineConfigVar: [user: string, variableId: string];
    removePipelineConfigVar: [user: string, variableId: string];
    updatePipelineConfigVar: [user: string, variableId: string, variable: object];
    getRepositories: [user: string];
  };
  readonly versions: { getAll: Repository; get: [...Repository, versionId: string | number] };
}
