/**
 * The environment of a user's shell: without what this runner, and what runs it, told their own processes. Other runners would
 * behave as if they were part of it, and `NODE_PATH` would let a package find what its manifest does not name.
 */
export function plainEnvironment(): Record<string, string | undefined> {
  const ours = /^(VITEST|JEST|NODE_TEST|NODE_OPTIONS|NODE_PATH|NODE_ENV|npm_|FORCE_COLOR)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
