/** What holding a scope also gives, one step at a time. Scopes that are not named give only themselves. */
const implied: Readonly<Record<string, readonly string[]>> = {
  "account:write": ["account"],
  account: ["email"],
  project: ["repository"],
  "repository:write": ["repository"],
  pullrequest: ["repository"],
  "pullrequest:write": ["pullrequest", "repository:write"],
  "team:write": ["team"],
  "issue:write": ["issue"],
  "snippet:write": ["snippet"],
  "pipeline:write": ["pipeline"],
  "pipeline:variable": ["pipeline:write"],
  "runner:write": ["runner"],
  "test:write": ["test"],
};

/** Whether the granted scopes include `required`, by themselves or by implication. */
export function covers(granted: readonly string[], required: string): boolean {
  return granted.some((scope) => scope === required || covers(implied[scope] ?? [], required));
}
