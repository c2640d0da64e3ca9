/**
 * The lowest version that each alternative of a range takes: `^2.10.0 || ^3.0.0` gives `2.10.0` and `3.0.0`, `>=5 <7` gives
 * `5.0.0`. Throws where a range has no lower end that could be installed.
 */
export function lowestVersions(range: string): readonly [string, ...string[]] {
  const [first = "", ...others] = range.split("||");
  return [lowestVersion(first), ...others.map(lowestVersion)];
}

function lowestVersion(alternative: string): string {
  const [, major, minor = "0", patch = "0"] =
    /^(?:\^|~|>=)?\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\s|$)/.exec(alternative.trim()) ?? [];
  if (major === undefined) throw new Error(`"${alternative.trim()}" has no lower end that can be installed`);
  return `${major}.${minor}.${patch}`;
}

/** Whether what a package says of Node (`engines`) lets a version in: `>=18`, `^20.0.0 || >=22.12`. */
export function takesNode(engines: string, version: string): boolean {
  return engines.split("||").some((alternative) => {
    const lowest = lowestVersion(alternative);
    const staysInMajor = alternative.trim().startsWith("^");
    if (staysInMajor && majorOf(lowest) !== majorOf(version)) return false;
    return lowest.localeCompare(version, "en", { numeric: true }) <= 0;
  });
}

function majorOf(version: string): string {
  return version.split(".", 1).join();
}
