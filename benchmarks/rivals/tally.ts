/** What became of callers who asked for an access token. */
export interface CallsTally {
  /** The tokens that are not the old one, one for each caller. */
  readonly fresh: readonly string[];
  /** Callers who were given the old token. */
  readonly stale: number;
  /** Failed callers by the name and code of their error. No message: it may hold anything. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Counts. `old` is the token that had run out. */
export function tally(outcomes: readonly PromiseSettledResult<unknown>[], old: string): CallsTally {
  const fresh: string[] = [];
  const failures: Record<string, number> = {};
  let stale = 0;
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") {
      const label = labelOf(outcome.reason);
      failures[label] = (failures[label] ?? 0) + 1;
    } else if (outcome.value === old) stale++;
    // Note: a client that resolves with anything else has not refused a bad answer.
    else fresh.push(String(outcome.value));
  }
  return { fresh, stale, failures };
}

function labelOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = "code" in error && typeof error.code === "string" ? ` ${error.code}` : "";
  return `${error.name}${code}`;
}

/** What one caller got, in words. */
export function outcomeOf({ fresh, stale, failures }: CallsTally): string {
  if (stale > 0) return "the expired token";
  return fresh.length > 0 ? "a new token" : Object.keys(failures).join(", ");
}
