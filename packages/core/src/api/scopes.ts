/** What a scope brings along besides the read scope that every `…:write` implies. `repository:admin` brings nothing. */
const implied: Readonly<Record<string, readonly string[]>> = {
  account: ["email"],
  project: ["repository"],
  pullrequest: ["repository"],
  "pullrequest:write": ["pullrequest", "repository:write"],
  "pipeline:variable": ["pipeline:write"],
};

/**
 * Whether a token with these scopes may do what `wanted` allows. Bitbucket does not list the scopes that another one implies.
 * Unknown scopes (`undefined`) may hold anything. The scopes of API tokens (`read:user:bitbucket`) imply nothing.
 * @see https://developer.atlassian.com/cloud/bitbucket/bitbucket-cloud-rest-api-scopes
 */
export function grantsScope(granted: readonly string[] | undefined, wanted: string): boolean {
  return granted === undefined || withImplied(granted).has(wanted);
}

/** The scopes, and every scope that one of them implies. */
function withImplied(granted: readonly string[]): ReadonlySet<string> {
  const held = new Set<string>();
  const add = (scope: string): void => {
    if (held.has(scope)) return;
    held.add(scope);
    const read = /^[^:]+(?=:write$)/.exec(scope);
    if (read) add(read[0]);
    if (Object.hasOwn(implied, scope)) implied[scope]?.forEach(add);
  };
  granted.forEach(add);
  return held;
}
