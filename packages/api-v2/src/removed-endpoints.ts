/** A route that Bitbucket no longer serves, and what to call instead. `{1}` stands for what the first `*` matched. */
type Replacement = readonly [route: string, today: string];

const replacements: readonly Replacement[] = [
  // CHANGE-2770 and CHANGE-3022, April 2026: nothing looks across workspaces any more.
  ["workspaces", "/2.0/user/workspaces (each entry holds its workspace in `workspace`)"],
  ["repositories", "/2.0/repositories/{workspace}, for each workspace of /2.0/user/workspaces"],
  ["user/permissions/workspaces", "/2.0/user/workspaces"],
  ["user/permissions/repositories", "/2.0/user/workspaces/{workspace}/permissions/repositories"],
  // October 2020: teams are workspaces, and users are known by uuid or account id.
  ["teams", "/2.0/user/workspaces"],
  ["teams/*", "/2.0/workspaces/{1}"],
  ["teams/*/members", "/2.0/workspaces/{1}/members"],
  ["teams/*/projects", "/2.0/workspaces/{1}/projects"],
  ["teams/*/projects/*", "/2.0/workspaces/{1}/projects/{2}"],
  ["teams/*/repositories", "/2.0/repositories/{1}"],
  ["teams/*/hooks", "/2.0/workspaces/{1}/hooks"],
  ["users/*/repositories", "/2.0/repositories/{1}"],
  ["users/*/hooks", "/2.0/workspaces/{1}/hooks"],
  ["users/*/hooks/*", "/2.0/workspaces/{1}/hooks/{2}"],
  ["users/*/pipelines_config/variables", "/2.0/workspaces/{1}/pipelines-config/variables"],
  ["users/*/pipelines_config/variables/*", "/2.0/workspaces/{1}/pipelines-config/variables/{2}"],
  ["users/*/followers", "nothing: Bitbucket no longer says who follows whom"],
  ["users/*/following", "nothing: Bitbucket no longer says who follows whom"],
  // Never there: bitbucket-api-v2 leaves a part of these routes out.
  ["repositories/*/*/*/attachments", "/2.0/repositories/{1}/{2}/issues/{3}/attachments"],
  ["repositories/*/*/*/attachments/*", "/2.0/repositories/{1}/{2}/issues/{3}/attachments/{path}"],
  ["repositories/*/*/*/comments", "/2.0/repositories/{1}/{2}/issues/{3}/comments"],
  ["repositories/*/*/*/comments/*", "/2.0/repositories/{1}/{2}/issues/{3}/comments/{id}"],
  ["repositories/*/*/*/vote", "/2.0/repositories/{1}/{2}/issues/{3}/vote"],
  ["repositories/*/*/*/watch", "/2.0/repositories/{1}/{2}/issues/{3}/watch"],
  ["repositories/*/*/*/approve", "/2.0/repositories/{1}/{2}/commit/{3}/approve"],
  ["repositories/*/*/*/statuses", "/2.0/repositories/{1}/{2}/commit/{3}/statuses"],
  ["repositories/*/*/*/statuses/build", "/2.0/repositories/{1}/{2}/commit/{3}/statuses/build"],
  ["repositories/*/*/*/statuses/build/*", "/2.0/repositories/{1}/{2}/commit/{3}/statuses/build/{4}"],
  ["repositories/*/*/*/stopPipeline", "/2.0/repositories/{1}/{2}/pipelines/{3}/stopPipeline"],
  ["repositories/*/*/*/steps", "/2.0/repositories/{1}/{2}/pipelines/{3}/steps"],
  ["repositories/*/*/*/steps/*/log", "/2.0/repositories/{1}/{2}/pipelines/{3}/steps/{4}/log"],
];

/** In braces, or with a colon: what a user is known by today. */
const knownUser = /^(\{|%7B)|:|%3A/i;

/** Names what to call in place of a route of the API that answered as if it were not there; `undefined` for any other route. */
export function replacementOf(pathname: string): string | undefined {
  const route = pathname.replace(/^\/2\.0\//, "").replace(/\/+$/, "");
  const parts = route.split("/");
  if (parts.length === 2 && parts[0] === "users" && !knownUser.test(parts[1] ?? "")) {
    return "/2.0/user for yourself, /2.0/users/{uuid} for others, /2.0/workspaces/{workspace} for what was a team";
  }
  for (const [pattern, today] of replacements) {
    const matched = matchRoute(pattern.split("/"), parts);
    if (matched) return today.replaceAll(/\{(\d)\}/g, (_whole, index) => matched[Number(index) - 1] ?? "");
  }
  return undefined;
}

function matchRoute(pattern: readonly string[], parts: readonly string[]): readonly string[] | undefined {
  if (pattern.length !== parts.length) return undefined;
  if (!pattern.every((part, index) => part === "*" || part === parts[index])) return undefined;
  return parts.filter((_part, index) => pattern[index] === "*");
}
