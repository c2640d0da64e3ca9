/**
 * Throws `TypeError` for a member that is none of `names`: a misspelt one would change nothing, and a test that counts on it would
 * prove nothing. `what` is the function that was called.
 */
export function assertNames(given: object, what: string, names: readonly string[]): void {
  const unknown = Object.entries(given).find(([name, value]) => value !== undefined && !names.includes(name));
  if (unknown) throw new TypeError(`${what} has no option "${unknown[0]}". It takes: ${names.join(", ")}.`);
}
